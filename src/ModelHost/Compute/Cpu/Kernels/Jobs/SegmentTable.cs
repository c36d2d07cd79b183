using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Segments turned into pointers, with their memory held until <see cref="Release"/>. Neighbours mostly share a buffer, which is held once.</summary>
internal sealed unsafe class SegmentTable
{
    private SegmentPointer[] _segments = [];
    private AlignedMemory[] _held = [];
    private int _heldCount;

    public SegmentPointer* Start => (SegmentPointer*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(_segments));

    /// <exception cref="ObjectDisposedException">A buffer was disposed. <see cref="Release"/> is due all the same.</exception>
    public void Fill(ReadOnlySpan<KeySegment> segments)
    {
        // Pinned for good, so that pointers into it outlive this call.
        if (_segments.Length < segments.Length) _segments = GC.AllocateUninitializedArray<SegmentPointer>(Math.Max(segments.Length, 2 * _segments.Length), pinned: true);
        CpuBuffer? keys = null;
        CpuBuffer? values = null;
        for (int i = 0; i < segments.Length; i++)
        {
            ref readonly KeySegment segment = ref segments[i];
            if (!ReferenceEquals(segment.Keys.Buffer, keys)) keys = Hold(segment.Keys);
            if (!ReferenceEquals(segment.Values.Buffer, values)) values = Hold(segment.Values);
            int size = keys!.Type == MemoryStore.Tensors.ElementType.BF16 ? sizeof(ushort) : sizeof(float);
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
