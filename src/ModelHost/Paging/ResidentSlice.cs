using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>One stored slice in the back end's memory, in its stored type. Immutable; disposed by the pager once nobody pins it.</summary>
internal sealed class ResidentSlice : IDisposable
{
    private readonly SliceAddress _address;
    private readonly MatrixView?[] _columns = new MatrixView?[(int)SliceColumn.Age];
    private DeviceBuffer? _buffer;

    private ResidentSlice(SliceAddress address, DeviceBuffer buffer)
    {
        _address = address;
        _buffer = buffer;
    }

    /// <summary>Age of each row when the block was made, in tokens; empty for blocks that carry none.</summary>
    public long[] Ages { get; private set; } = [];

    /// <summary>Copies the columns of a stored slice into one buffer.</summary>
    /// <param name="backend">Where it goes.</param>
    /// <param name="slice">The slice; may be reused afterwards.</param>
    /// <param name="isKeysOnly">K and V are left out.</param>
    /// <param name="rowType">F32 or BF16: what all slices of the model are stored in.</param>
    /// <param name="spare">Memory to use when it has the right size; owned by this call. A buffer of its own costs the clearing of every page.</param>
    /// <exception cref="LatentDbException">data_damaged when the slice is of another type.</exception>
    public static ResidentSlice Load(IComputeBackend backend, BlockSlice slice, bool isKeysOnly, ElementType rowType, DeviceBuffer? spare)
    {
        long elements = 0;
        foreach (SliceTensor tensor in slice.Tensors)
        {
            if (Holds(tensor, isKeysOnly)) elements += (long)tensor.Rows * tensor.Width;
        }

        if (spare is not null && (spare.Elements != elements || spare.Type != rowType))
        {
            spare.Dispose();
            spare = null;
        }

        var resident = new ResidentSlice(slice.Address, spare ?? backend.Allocate(elements, rowType));
        try
        {
            resident.Fill(backend, slice, isKeysOnly, rowType);
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
        _columns[(int)column] ?? throw new LatentDbException(ErrorCode.DataDamaged, $"Slice {_address} has no {column} column.");

    /// <summary>Takes the memory out, so that another slice can have it; the slice is of no further use.</summary>
    public DeviceBuffer? TakeBuffer() => Interlocked.Exchange(ref _buffer, null);

    public void Dispose() => TakeBuffer()?.Dispose();

    private void Fill(IComputeBackend backend, BlockSlice slice, bool isKeysOnly, ElementType rowType)
    {
        long offset = 0;
        foreach (SliceTensor tensor in slice.Tensors)
        {
            if (tensor.Column == SliceColumn.Age)
            {
                Ages = DecodeAges(tensor);
                continue;
            }

            if (!Holds(tensor, isKeysOnly)) continue;
            if (tensor.Type != rowType) throw new LatentDbException(ErrorCode.DataDamaged, $"The {tensor.Column} column of slice {_address} is stored as {tensor.Type}, not {rowType}.");
            var view = new MatrixView(_buffer!, offset, tensor.Rows, tensor.Width, tensor.Width);
            backend.Upload(tensor.Bytes.Span, tensor.Type, view);
            _columns[(int)tensor.Column] = view;
            offset += (long)tensor.Rows * tensor.Width;
        }
    }

    private static bool Holds(SliceTensor tensor, bool isKeysOnly) => tensor.Column != SliceColumn.Age && (!isKeysOnly || tensor.Column == SliceColumn.RetrievalKey);

    private static long[] DecodeAges(SliceTensor tensor)
    {
        if (tensor.Type != ElementType.I64) throw new LatentDbException(ErrorCode.DataDamaged, $"Ages are stored as {tensor.Type}, not I64.");
        long[] ages = MemoryMarshal.Cast<byte, long>(tensor.Bytes.Span).ToArray();
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(ages, ages);
        return ages;
    }
}
