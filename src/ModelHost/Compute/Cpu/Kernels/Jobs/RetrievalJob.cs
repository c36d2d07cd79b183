using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Spreads retrieval scores over the pool: a range is a run of keys, wherever they lie, widened to fp32 before they meet q.</summary>
internal sealed unsafe class RetrievalJob : PoolJob
{
    // A million products of 2 flops: some tens of microseconds.
    private const long ProductsPerRange = 1 << 20;

    // Widened keys stay in the second-level cache beside a pass of q.
    private const int BytesPerRange = 256 * 1024;

    private readonly SegmentTable _segments = new();
    private KernelSet _kernels = null!;
    private ScratchArena _arena = null!;
    private MatrixPointer _q;
    private float* _scores;
    private int _segmentCount;
    private int _keys;
    private int _keysPerRange;

    /// <summary>Scores of all rows of <paramref name="keys"/> in order, as many as there are scores. Shapes were checked; the keys' memory is held meanwhile.</summary>
    public void Execute(WorkerPool pool, KernelSet kernels, ScratchArena rangeScratch, MatrixPointer q, ReadOnlySpan<MatrixView> keys, Span<float> scores)
    {
        try
        {
            _segments.Fill(keys);
            _segmentCount = keys.Length;
            _keys = SegmentTable.Number(_segments.Start, keys.Length);
            fixed (float* target = scores)
            {
                _kernels = kernels;
                _arena = rangeScratch;
                _q = q;
                _scores = target;
                long most = Math.Min(4096, BytesPerRange / ((long)q.Columns * sizeof(float)));

                // Sixteen keys at least: fewer would read q too often.
                _keysPerRange = (int)Math.Max(16, Math.Min(most, ProductsPerRange / ((long)q.Rows * q.Columns)));
                pool.Run(this, (_keys + _keysPerRange - 1) / _keysPerRange);
            }
        }
        finally
        {
            _segments.Release();
        }
    }

    public override void Run(int range)
    {
        int first = range * _keysPerRange;
        int count = Math.Min(_keysPerRange, _keys - first);
        long workBytes = _kernels.RetrievalScratch(_q.Columns) * sizeof(float);
        long rowBytes = (((long)_keysPerRange * _q.Columns * sizeof(float)) + AlignedMemory.Alignment - 1) / AlignedMemory.Alignment * AlignedMemory.Alignment;
        AlignedMemory scratch = _arena.Rent(workBytes + rowBytes + ((long)_keysPerRange * sizeof(RowPlace)));
        try
        {
            var work = (float*)scratch.Pointer;
            var rows = new MatrixPointer((float*)((byte*)work + workBytes), count, _q.Columns, _q.Columns);
            var places = (RowPlace*)((byte*)work + workBytes + rowBytes);
            SegmentRows.Locate(_segments.Start, _segmentCount, first, count, null, 0, places);
            for (int i = 0; i < count; i++) Convert.Widen(_kernels, places[i].Key, places[i].Type, rows.Row(i), rows.Columns);
            _kernels.RetrievalScores(_q, rows, _scores + first, work);
        }
        finally
        {
            _arena.Return(scratch);
        }
    }
}
