using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>Hidden rows of a layer to the two slices that are stored: the rows, and what a query reads of them.</summary>
/// <param name="backend">Where the rows are.</param>
/// <param name="dimensions">The model.</param>
/// <param name="projection">Makes K, V and retrieval keys.</param>
/// <param name="storage">How numbers are stored: the checkpoint's own type.</param>
internal sealed class BlockEncoder(IComputeBackend backend, ModelDimensions dimensions, RowProjection projection, ElementType storage)
{
    /// <summary>F32 or BF16.</summary>
    public ElementType Storage => storage;

    /// <summary>Stored bytes of one row of one layer, both parts.</summary>
    public long RowBytes => (long)(dimensions.D + (2 * dimensions.KvWidth) + dimensions.KeySize) * storage.Bytes();

    /// <summary>The hidden part.</summary>
    public BlockSlice Hidden(SliceAddress address, BlockKind kind, MatrixView hidden) => new(
        address with { Part = SlicePart.Hidden }, kind, [Encode(SliceColumn.Hidden, hidden)]);

    /// <summary>
    /// The read part. <paramref name="givenKeys"/> are retrieval keys that a checkpoint brings for the last rows; they are used as they are.
    /// </summary>
    public BlockSlice Read(SliceAddress address, BlockKind kind, MatrixView hidden, MatrixView? givenKeys = null, ReadOnlySpan<long> ages = default)
    {
        int rows = hidden.Rows;
        using DeviceBuffer buffer = backend.Allocate((2L * rows * dimensions.KvWidth) + ((long)rows * Math.Max(1, dimensions.KeySize)));
        var keys = new MatrixView(buffer, 0, rows, dimensions.KvWidth, dimensions.KvWidth);
        var values = new MatrixView(buffer, (long)rows * dimensions.KvWidth, rows, dimensions.KvWidth, dimensions.KvWidth);
        MatrixView? retrieval = dimensions.KeySize == 0
            ? null
            : new MatrixView(buffer, 2L * rows * dimensions.KvWidth, rows, dimensions.KeySize, dimensions.KeySize);
        projection.Project(address.Layer, hidden, keys, values, retrieval);

        ImmutableArray<SliceTensor>.Builder tensors = ImmutableArray.CreateBuilder<SliceTensor>();
        tensors.Add(Encode(SliceColumn.Key, keys));
        tensors.Add(Encode(SliceColumn.Value, values));
        if (retrieval is { } all)
        {
            if (givenKeys is { } given) backend.Copy(given, all.SliceRows(rows - given.Rows, given.Rows));
            tensors.Add(Encode(SliceColumn.RetrievalKey, all));
        }

        if (ages.Length > 0) tensors.Add(EncodeAges(ages));
        return new BlockSlice(address with { Part = SlicePart.Read }, kind, tensors.ToImmutable());
    }

    private SliceTensor Encode(SliceColumn column, MatrixView rows)
    {
        byte[] bytes = new byte[checked((long)rows.Rows * rows.Columns * storage.Bytes())];
        backend.Download(rows, storage, bytes);
        return new SliceTensor(column, storage, rows.Rows, rows.Columns, bytes);
    }

    private static SliceTensor EncodeAges(ReadOnlySpan<long> ages)
    {
        byte[] bytes = new byte[ages.Length * sizeof(long)];
        for (int i = 0; i < ages.Length; i++) System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), ages[i]);
        return new SliceTensor(SliceColumn.Age, ElementType.I64, ages.Length, 1, bytes);
    }
}
