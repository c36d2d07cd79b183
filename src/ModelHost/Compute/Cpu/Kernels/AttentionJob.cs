namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>Spreads attention over the pool: a range is a run of lanes of one key-value head.</summary>
internal sealed unsafe class AttentionJob : PoolJob
{
    private const int LanesPerRange = 64;

    private KernelSet _kernels = null!;
    private AttentionCall _call;
    private int _rangesPerHead;

    public void Execute(WorkerPool pool, KernelSet kernels, in AttentionCall call)
    {
        _kernels = kernels;
        _call = call;
        _rangesPerHead = (call.LanesPerHead + LanesPerRange - 1) / LanesPerRange;
        pool.Run(this, call.KeyValueHeads * _rangesPerHead);
    }

    public override void Run(int range)
    {
        int first = range % _rangesPerHead * LanesPerRange;
        var part = new AttentionPart(range / _rangesPerHead, first, Math.Min(first + LanesPerRange, _call.LanesPerHead));
        _kernels.Attention(_call, part, null);
    }
}
