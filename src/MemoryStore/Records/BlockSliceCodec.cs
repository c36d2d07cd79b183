using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Tensors;

namespace LatentDb.MemoryStore.Records;

/// <summary>Payload of a block slice: its own address again, so that a misdirected read cannot pass, and its tensors.</summary>
public static class BlockSliceCodec
{
    private const int TensorParts = 5;

    /// <summary>Upper bound of what stands around the tensors' bytes.</summary>
    private const int Overhead = 64;
    private const int TensorOverhead = 32;

    /// <summary>Encodes into memory of its own.</summary>
    public static ReadOnlyMemory<byte> Encode(BlockSlice slice)
    {
        var buffer = new ArrayBufferWriter<byte>(MaxBytes(slice));
        Encode(slice, buffer);
        return buffer.WrittenMemory;
    }

    /// <summary>Upper bound of what encoding writes.</summary>
    public static int MaxBytes(BlockSlice slice)
    {
        long bytes = slice.TensorBytes + Overhead + (long)slice.Tensors.Length * TensorOverhead;
        if (bytes > StoreLimits.MaxSliceBytes) throw new ArgumentException($"Slice {slice.Address} has {bytes} bytes; at most {StoreLimits.MaxSliceBytes} are stored.", nameof(slice));
        return (int)bytes;
    }

    public static void Encode(BlockSlice slice, IBufferWriter<byte> buffer)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(5);
        writer.WriteInt64(1);
        writer.WriteInt64(slice.Address.Block.Sequence);
        writer.WriteInt64(2);
        writer.WriteInt64(slice.Address.Layer);
        writer.WriteInt64(3);
        writer.WriteInt64((byte)slice.Address.Part);
        writer.WriteInt64(4);
        writer.WriteInt64((byte)slice.Kind);
        writer.WriteInt64(5);
        writer.WriteArrayHeader(slice.Tensors.Length);
        foreach (SliceTensor tensor in slice.Tensors) WriteTensor(ref writer, tensor);
    }

    /// <summary>The slice shares the payload's memory.</summary>
    /// <exception cref="FrameFormatException">It is not the slice that was asked for, or not a slice.</exception>
    public static BlockSlice Decode(SliceAddress wanted, ReadOnlyMemory<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload.Span);
            FieldReader fields = FieldReader.Begin(ref reader);
            fields.Field(ref reader, 1);
            long sequence = reader.ReadInt64();
            fields.Next(ref reader);
            fields.Field(ref reader, 2);
            int layer = reader.ReadInt32();
            fields.Next(ref reader);
            fields.Field(ref reader, 3);
            var part = (SlicePart)reader.ReadInt32();
            fields.Next(ref reader);
            fields.Field(ref reader, 4);
            var kind = (BlockKind)reader.ReadInt32();
            fields.Next(ref reader);
            fields.Field(ref reader, 5);
            ImmutableArray<SliceTensor> tensors = ReadTensors(ref reader, payload);
            fields.Next(ref reader);
            fields.End(ref reader);
            var address = new SliceAddress(new BlockId(wanted.Block.Owner, sequence), layer, part);
            if (address != wanted) throw new FrameFormatException($"slice {address} stands where {wanted} must");
            if (kind is not (BlockKind.Genesis or BlockKind.MemoryRows)) throw new FrameFormatException($"block kind {(byte)kind} is not known") { IsUnsupported = true };
            return new BlockSlice(address, kind, tensors);
        }
        catch (Exception e) when (e is MessagePackFormatException or ArgumentException or OverflowException)
        {
            throw new FrameFormatException($"slice {wanted} cannot be read: {e.Message}");
        }
    }

    private static void WriteTensor(ref MessagePackWriter writer, SliceTensor tensor)
    {
        writer.WriteArrayHeader(TensorParts);
        writer.WriteInt64((byte)tensor.Column);
        writer.WriteInt64((byte)tensor.Type);
        writer.WriteInt64(tensor.Rows);
        writer.WriteInt64(tensor.Width);
        writer.WriteBinary(tensor.Bytes.Span);
    }

    private static ImmutableArray<SliceTensor> ReadTensors(ref MessagePackReader reader, ReadOnlyMemory<byte> payload)
    {
        var tensors = ImmutableArray.CreateBuilder<SliceTensor>(reader.ReadArrayHeader());
        for (int i = 0; i < tensors.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), TensorParts, "tensor");
            var column = (SliceColumn)reader.ReadInt32();
            var type = (ElementType)reader.ReadInt32();
            int rows = reader.ReadInt32();
            int width = reader.ReadInt32();
            int length = reader.ReadBinary().Length;
            tensors.Add(new SliceTensor(column, type, rows, width, payload.Slice(reader.Position - length, length)));
        }

        return tensors.MoveToImmutable();
    }
}
