using System.Buffers.Binary;
using System.Text;

namespace LatentDb.MemoryStore.MessagePack;

/// <summary>
/// Reads MessagePack from a span. Lengths are checked against the bytes that are there before anything is allocated, and nesting is bounded, so that
/// no input costs more than its own size.
/// </summary>
public ref struct MessagePackReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes;

    public MessagePackReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        Position = 0;
    }

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    public readonly bool IsAtEnd => Position == _bytes.Length;

    /// <summary>Reads nil when it is next; otherwise reads nothing.</summary>
    public bool TryReadNil()
    {
        if (PeekCode() != MessagePackCode.Nil) return false;
        Position++;
        return true;
    }

    public bool ReadBoolean() => ReadCode() switch
    {
        MessagePackCode.True => true,
        MessagePackCode.False => false,
        byte code => throw Unexpected(code, "a boolean"),
    };

    public long ReadInt64()
    {
        byte code = ReadCode();
        if (code <= MessagePackCode.MaxPositiveFixInt) return code;
        if (code >= MessagePackCode.MinNegativeFixInt) return unchecked((sbyte)code);
        return code switch
        {
            MessagePackCode.Int8 => unchecked((sbyte)Take(1)[0]),
            MessagePackCode.Int16 => BinaryPrimitives.ReadInt16BigEndian(Take(2)),
            MessagePackCode.Int32 => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            MessagePackCode.Int64 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            _ => ToInt64(ReadUnsigned(code)),
        };
    }

    public int ReadInt32()
    {
        long value = ReadInt64();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new MessagePackFormatException($"{value} does not fit 32 bits.");
    }

    public ulong ReadUInt64()
    {
        byte code = ReadCode();
        return code <= MessagePackCode.MaxPositiveFixInt ? code : ReadUnsigned(code);
    }

    public float ReadSingle()
    {
        byte code = ReadCode();
        return code == MessagePackCode.Float32
            ? BitConverter.UInt32BitsToSingle(BinaryPrimitives.ReadUInt32BigEndian(Take(4)))
            : throw Unexpected(code, "a 32-bit float");
    }

    public double ReadDouble()
    {
        byte code = ReadCode();
        return code == MessagePackCode.Float64
            ? BitConverter.UInt64BitsToDouble(BinaryPrimitives.ReadUInt64BigEndian(Take(8)))
            : throw Unexpected(code, "a 64-bit float");
    }

    /// <summary>A string of valid UTF-8, or null for nil.</summary>
    public string? ReadString()
    {
        if (TryReadNil()) return null;
        byte code = ReadCode();
        int length = StringLength(code) ?? throw Unexpected(code, "a string");
        try
        {
            return StrictUtf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw new MessagePackFormatException($"The string before byte {Position} is not UTF-8.");
        }
    }

    public string ReadRequiredString() => ReadString() ?? throw new MessagePackFormatException($"Nil where a string must stand, before byte {Position}.");

    /// <summary>A view of the bytes; nothing is copied.</summary>
    public ReadOnlySpan<byte> ReadBinary()
    {
        byte code = ReadCode();
        return Take(BinaryLength(code) ?? throw Unexpected(code, "binary"));
    }

    public int ReadArrayHeader()
    {
        byte code = ReadCode();
        return Bounded(ArrayCount(code) ?? throw Unexpected(code, "an array"), bytesEach: 1);
    }

    public int ReadMapHeader()
    {
        byte code = ReadCode();
        return Bounded(MapCount(code) ?? throw Unexpected(code, "a map"), bytesEach: 2);
    }

    /// <summary>Passes over the next value, whatever it is: how fields of a newer writer are skipped.</summary>
    public void Skip() => Skip(0);

    private void Skip(int depth)
    {
        if (depth > MessagePackLimits.MaxDepth) throw new MessagePackFormatException($"Nested deeper than {MessagePackLimits.MaxDepth}.");
        byte code = ReadCode();
        if (ArrayCount(code) is uint items) SkipMany(Bounded(items, bytesEach: 1), depth);
        else if (MapCount(code) is uint pairs) SkipMany(2L * Bounded(pairs, bytesEach: 2), depth);
        else if ((StringLength(code) ?? BinaryLength(code)) is int length) Take(length);
        else Take(ScalarBytes(code));
    }

    private void SkipMany(long count, int depth)
    {
        for (long i = 0; i < count; i++) Skip(depth + 1);
    }

    private ulong ReadUnsigned(byte code) => code switch
    {
        MessagePackCode.UInt8 => Take(1)[0],
        MessagePackCode.UInt16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        MessagePackCode.UInt32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
        MessagePackCode.UInt64 => BinaryPrimitives.ReadUInt64BigEndian(Take(8)),
        _ => throw Unexpected(code, "an integer"),
    };

    private int? StringLength(byte code) => code switch
    {
        >= MessagePackCode.FixString and < MessagePackCode.Nil => code & 0x1f,
        MessagePackCode.String8 => Take(1)[0],
        MessagePackCode.String16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        MessagePackCode.String32 => ToInt32(BinaryPrimitives.ReadUInt32BigEndian(Take(4))),
        _ => null,
    };

    private int? BinaryLength(byte code) => code switch
    {
        MessagePackCode.Bin8 => Take(1)[0],
        MessagePackCode.Bin16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        MessagePackCode.Bin32 => ToInt32(BinaryPrimitives.ReadUInt32BigEndian(Take(4))),
        _ => null,
    };

    private uint? ArrayCount(byte code) => code switch
    {
        >= MessagePackCode.FixArray and < MessagePackCode.FixString => code & 0xfu,
        MessagePackCode.Array16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        MessagePackCode.Array32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
        _ => null,
    };

    private uint? MapCount(byte code) => code switch
    {
        >= MessagePackCode.FixMap and < MessagePackCode.FixArray => code & 0xfu,
        MessagePackCode.Map16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        MessagePackCode.Map32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
        _ => null,
    };

    /// <summary>Bytes after the code of a value that is no container, string or binary; extensions carry one byte of type.</summary>
    private int ScalarBytes(byte code) => code switch
    {
        <= MessagePackCode.MaxPositiveFixInt or >= MessagePackCode.MinNegativeFixInt => 0,
        MessagePackCode.Nil or MessagePackCode.False or MessagePackCode.True => 0,
        MessagePackCode.UInt8 or MessagePackCode.Int8 => 1,
        MessagePackCode.UInt16 or MessagePackCode.Int16 => 2,
        MessagePackCode.Float32 or MessagePackCode.UInt32 or MessagePackCode.Int32 => 4,
        MessagePackCode.Float64 or MessagePackCode.UInt64 or MessagePackCode.Int64 => 8,
        >= MessagePackCode.FixExt1 and <= MessagePackCode.FixExt16 => 1 + (1 << (code - MessagePackCode.FixExt1)),
        MessagePackCode.Ext8 => 1 + Take(1)[0],
        MessagePackCode.Ext16 => 1 + BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        MessagePackCode.Ext32 => ToInt32(1L + BinaryPrimitives.ReadUInt32BigEndian(Take(4))),
        _ => throw Unexpected(code, "a value"),
    };

    /// <summary>A container of n items needs at least n bytes: a larger claim is refused before anyone allocates for it.</summary>
    private readonly int Bounded(uint count, int bytesEach) =>
        (long)count * bytesEach <= _bytes.Length - Position
            ? (int)count
            : throw new MessagePackFormatException($"A container of {count} items cannot fit the {_bytes.Length - Position} bytes left.");

    private readonly byte PeekCode() => Position < _bytes.Length ? _bytes[Position] : throw Truncated(1);

    private byte ReadCode()
    {
        byte code = PeekCode();
        Position++;
        return code;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _bytes.Length - Position) throw Truncated(length);
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, length);
        Position += length;
        return taken;
    }

    private static long ToInt64(ulong value) => value <= long.MaxValue ? (long)value : throw new MessagePackFormatException($"{value} does not fit 63 bits.");

    private static int ToInt32(long value) => value <= int.MaxValue ? (int)value : throw new MessagePackFormatException($"A length of {value} is too large.");

    private readonly MessagePackFormatException Truncated(int wanted) =>
        new($"{wanted} bytes are wanted at byte {Position}, {_bytes.Length - Position} are left.");

    private readonly MessagePackFormatException Unexpected(byte code, string wanted) =>
        new($"Code 0x{code:x2} where {wanted} must stand, before byte {Position}.");
}
