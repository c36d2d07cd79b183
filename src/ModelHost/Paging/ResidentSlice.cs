using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>One stored slice decoded to fp32 in the back end's memory. Immutable; disposed by the pager once nobody pins it.</summary>
internal sealed class ResidentSlice : IDisposable
{
    private readonly Dictionary<SliceColumn, MatrixView> _columns = [];
    private readonly List<DeviceBuffer> _buffers = [];

    private ResidentSlice(SliceAddress address) => Address = address;

    public SliceAddress Address { get; }

    /// <summary>Age of each row when the block was made, in tokens; empty for blocks that carry none.</summary>
    public long[] Ages { get; private set; } = [];

    public long Bytes { get; private set; }

    /// <summary>Decodes the columns of a stored slice.</summary>
    public static ResidentSlice Decode(IComputeBackend backend, BlockSlice slice)
    {
        var resident = new ResidentSlice(slice.Address);
        try
        {
            foreach (SliceTensor tensor in slice.Tensors) resident.Add(backend, tensor);
            return resident;
        }
        catch
        {
            resident.Dispose();
            throw;
        }
    }

    /// <summary>The column [rows, width].</summary>
    /// <exception cref="LatentDbException">data_damaged when the slice lacks it.</exception>
    public MatrixView Column(SliceColumn column) =>
        _columns.TryGetValue(column, out MatrixView view) ? view : throw new LatentDbException(ErrorCode.DataDamaged, $"Slice {Address} has no {column} column.");

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in _buffers) buffer.Dispose();
        _buffers.Clear();
        _columns.Clear();
    }

    private void Add(IComputeBackend backend, SliceTensor tensor)
    {
        if (tensor.Column == SliceColumn.Age)
        {
            Ages = DecodeAges(tensor);
            return;
        }

        DeviceBuffer buffer = backend.Allocate((long)tensor.Rows * tensor.Width);
        _buffers.Add(buffer);
        MatrixView view = buffer.AsMatrix(tensor.Rows, tensor.Width);
        backend.Upload(tensor.Bytes.Span, tensor.Type, view);
        _columns.Add(tensor.Column, view);
        Bytes += buffer.Elements * sizeof(float);
    }

    private static long[] DecodeAges(SliceTensor tensor)
    {
        if (tensor.Type != ElementType.I64) throw new LatentDbException(ErrorCode.DataDamaged, $"Ages are stored as {tensor.Type}, not I64.");
        long[] ages = MemoryMarshal.Cast<byte, long>(tensor.Bytes.Span).ToArray();
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(ages, ages);
        return ages;
    }
}
