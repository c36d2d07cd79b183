using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Segments turned into pointers, with their memory held until <see cref="Release"/>. Neighbours mostly share a buffer, which is held once.</summary>
internal sealed unsafe class SegmentTable
{
    private SegmentPointer[] _segments = [];
    private AlignedMemory[] _held = [];
    private int _heldCount;

    public SegmentPointer* Start => (SegmentPointer*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_segments));

    /// <exception cref="ObjectDisposedException">A buffer was disposed. <see cref="Release"/> is due all the same.</exception>
    public void Fill(ReadOnlySpan<KeySegment> segments)
    {
        Grow(segments.Length);
        CpuBuffer? keys = null;
        CpuBuffer? values = null;
        for (int i = 0; i < segments.Length; i++)
        {
            ref readonly KeySegment segment = ref segments[i];
            if (!ReferenceEquals(segment.Keys.Buffer, keys)) keys = Hold(segment.Keys);
            if (!ReferenceEquals(segment.Values.Buffer, values)) values = Hold(segment.Values);
            int size = keys!.Type.Bytes();
            _segments[i] = new SegmentPointer
            {
                Keys = (byte*)keys.Memory.Pointer + (segment.Keys.Offset * size),
                Values = (byte*)values!.Memory.Pointer + (segment.Values.Offset * size),
                KeyStride = (nint)segment.Keys.Stride * size,
                ValueStride = (nint)segment.Values.Stride * size,
                Rows = segment.Rows,
                FirstPosition = segment.FirstPosition,
                IsRotated = segment.IsRotated,
                Type = keys.Type,
            };
        }
    }

    /// <summary>Rows that have no values and are not rotated by position: retrieval keys.</summary>
    public void Fill(ReadOnlySpan<MatrixView> rows)
    {
        Grow(rows.Length);
        CpuBuffer? buffer = null;
        for (int i = 0; i < rows.Length; i++)
        {
            if (!ReferenceEquals(rows[i].Buffer, buffer)) buffer = Hold(rows[i]);
            int size = buffer!.Type.Bytes();
            byte* start = (byte*)buffer.Memory.Pointer + (rows[i].Offset * size);
            nint stride = (nint)rows[i].Stride * size;
            _segments[i] = new SegmentPointer { Keys = start, Values = start, KeyStride = stride, ValueStride = stride, Rows = rows[i].Rows, IsRotated = true, Type = buffer.Type };
        }
    }

    public void Release()
    {
        for (int i = 0; i < _heldCount; i++)
        {
            _held[i].DangerousRelease();
            _held[i] = null!;
        }

        _heldCount = 0;
    }

    /// <summary>Numbers the rows of one sequence's segments; returns how many there are.</summary>
    public static int Number(SegmentPointer* segments, int count)
    {
        int keys = 0;
        for (int i = 0; i < count; i++)
        {
            segments[i].FirstKey = keys;
            keys = checked(keys + segments[i].Rows);
        }

        return keys;
    }

    /// <summary>Pinned for good, so that pointers into it outlive this call.</summary>
    private void Grow(int count)
    {
        if (_segments.Length < count) _segments = GC.AllocateUninitializedArray<SegmentPointer>(Math.Max(count, 2 * _segments.Length), pinned: true);
    }

    private CpuBuffer Hold(MatrixView view)
    {
        if (view.Buffer is not CpuBuffer buffer) throw new ArgumentException("A segment is not on a buffer of the cpu back end.", nameof(view));
        if (_held.Length == _heldCount) Array.Resize(ref _held, Math.Max(16, 2 * _held.Length));
        bool held = false;
        buffer.Memory.DangerousAddRef(ref held);
        _held[_heldCount++] = buffer.Memory;
        return buffer;
    }
}
