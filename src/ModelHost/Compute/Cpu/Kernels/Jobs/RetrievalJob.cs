using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Spreads retrieval scores over the pool: a range is a run of keys.</summary>
internal sealed unsafe class RetrievalJob : PoolJob
{
    // A million products of 2 flops: some tens of microseconds.
    private const long ProductsPerRange = 1 << 20;

    private KernelSet _kernels = null!;
    private MatrixPointer _q;
    private MatrixPointer _keys;
    private float* _scores;
    private int _keysPerRange;

    public void Execute(WorkerPool pool, KernelSet kernels, MatrixPointer q, MatrixPointer keys, Span<float> scores)
    {
        fixed (float* target = scores)
        {
            _kernels = kernels;
            _q = q;
            _keys = keys;
            _scores = target;
            // Sixteen keys at least: fewer would read q too often.
            _keysPerRange = (int)Math.Clamp(ProductsPerRange / ((long)q.Rows * q.Columns), 16, 4096);
            pool.Run(this, (keys.Rows + _keysPerRange - 1) / _keysPerRange);
        }
    }

    public override void Run(int range)
    {
        int first = range * _keysPerRange;
        _kernels.RetrievalScores(_q, _keys.SliceRows(first, Math.Min(_keysPerRange, _keys.Rows - first)), _scores + first);
    }
}
