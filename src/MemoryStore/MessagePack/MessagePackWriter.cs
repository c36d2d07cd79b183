using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LatentDb.MemoryStore.MessagePack;

/// <summary>Writes MessagePack in its shortest forms, so that equal values have equal bytes.</summary>
public readonly ref struct MessagePackWriter
{
    private readonly IBufferWriter<byte> _buffer;

    /// <param name="buffer">Receives the bytes; owned by the caller.</param>
    public MessagePackWriter(IBufferWriter<byte> buffer) => _buffer = buffer;

    public void WriteNil() => WriteCode(MessagePackCode.Nil);

    public void WriteBoolean(bool value) => WriteCode(value ? MessagePackCode.True : MessagePackCode.False);

    public void WriteInt64(long value)
    {
        if (value >= 0)
        {
            WriteUInt64((ulong)value);
            return;
        }

        if (value >= -32) WriteCode(unchecked((byte)value));
        else if (value >= sbyte.MinValue) Write8(MessagePackCode.Int8, unchecked((byte)value));
        else if (value >= short.MinValue) Write16(MessagePackCode.Int16, unchecked((ushort)value));
        else if (value >= int.MinValue) Write32(MessagePackCode.Int32, unchecked((uint)value));
        else Write64(MessagePackCode.Int64, unchecked((ulong)value));
    }

    public void WriteUInt64(ulong value)
    {
        if (value <= MessagePackCode.MaxPositiveFixInt) WriteCode((byte)value);
        else if (value <= byte.MaxValue) Write8(MessagePackCode.UInt8, (byte)value);
        else if (value <= ushort.MaxValue) Write16(MessagePackCode.UInt16, (ushort)value);
        else if (value <= uint.MaxValue) Write32(MessagePackCode.UInt32, (uint)value);
        else Write64(MessagePackCode.UInt64, value);
    }

    /// <summary>The exact bits, NaN payload included.</summary>
    public void WriteSingle(float value) => Write32(MessagePackCode.Float32, BitConverter.SingleToUInt32Bits(value));

    /// <summary>The exact bits, NaN payload included.</summary>
    public void WriteDouble(double value) => Write64(MessagePackCode.Float64, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>UTF-8; null becomes nil.</summary>
    public void WriteString(string? value)
    {
        if (value is null)
        {
            WriteNil();
            return;
        }

        int length = Encoding.UTF8.GetByteCount(value);
        if (length < 32) WriteCode((byte)(MessagePackCode.FixString | length));
        else if (length <= byte.MaxValue) Write8(MessagePackCode.String8, (byte)length);
        else if (length <= ushort.MaxValue) Write16(MessagePackCode.String16, (ushort)length);
        else Write32(MessagePackCode.String32, (uint)length);
        _buffer.Advance(Encoding.UTF8.GetBytes(value, _buffer.GetSpan(length)));
    }

    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        if (value.Length <= byte.MaxValue) Write8(MessagePackCode.Bin8, (byte)value.Length);
        else if (value.Length <= ushort.MaxValue) Write16(MessagePackCode.Bin16, (ushort)value.Length);
        else Write32(MessagePackCode.Bin32, (uint)value.Length);
        _buffer.Write(value);
    }

    public void WriteArrayHeader(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count < 16) WriteCode((byte)(MessagePackCode.FixArray | count));
        else if (count <= ushort.MaxValue) Write16(MessagePackCode.Array16, (ushort)count);
        else Write32(MessagePackCode.Array32, (uint)count);
    }

    public void WriteMapHeader(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count < 16) WriteCode((byte)(MessagePackCode.FixMap | count));
        else if (count <= ushort.MaxValue) Write16(MessagePackCode.Map16, (ushort)count);
        else Write32(MessagePackCode.Map32, (uint)count);
    }

    private void WriteCode(byte code)
    {
        _buffer.GetSpan(1)[0] = code;
        _buffer.Advance(1);
    }

    private void Write8(byte code, byte value)
    {
        Span<byte> span = _buffer.GetSpan(2);
        span[0] = code;
        span[1] = value;
        _buffer.Advance(2);
    }

    private void Write16(byte code, ushort value)
    {
        Span<byte> span = _buffer.GetSpan(3);
        span[0] = code;
        BinaryPrimitives.WriteUInt16BigEndian(span[1..], value);
        _buffer.Advance(3);
    }

    private void Write32(byte code, uint value)
    {
        Span<byte> span = _buffer.GetSpan(5);
        span[0] = code;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], value);
        _buffer.Advance(5);
    }

    private void Write64(byte code, ulong value)
    {
        Span<byte> span = _buffer.GetSpan(9);
        span[0] = code;
        BinaryPrimitives.WriteUInt64BigEndian(span[1..], value);
        _buffer.Advance(9);
    }
}
