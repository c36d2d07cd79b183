namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>Spreads attention over the pool: a range is a run of lanes of one key-value head.</summary>
internal sealed unsafe class AttentionJob : PoolJob
{
    // Each range reads all keys it sees: 256 lanes read them seldom, and their queries and outputs (256 KiB at 128 numbers) fit the second level.
    private const int MostLanesPerRange = 8 * Attention.Lanes;
    private const int RangesPerThread = 2;

    private KernelSet _kernels = null!;
    private ScratchArena _arena = null!;
    private AttentionCall _call;
    private int _lanesPerRange;
    private int _rangesPerHead;

    public void Execute(WorkerPool pool, KernelSet kernels, ScratchArena rangeScratch, in AttentionCall call)
    {
        _kernels = kernels;
        _arena = rangeScratch;
        _call = call;
        int groups = (call.LanesPerHead + Attention.Lanes - 1) / Attention.Lanes;
        long perRange = (long)groups * call.KeyValueHeads / (pool.Threads * RangesPerThread);
        _lanesPerRange = (int)Math.Clamp(perRange * Attention.Lanes, Attention.Lanes, MostLanesPerRange);
        _rangesPerHead = (call.LanesPerHead + _lanesPerRange - 1) / _lanesPerRange;
        pool.Run(this, call.KeyValueHeads * _rangesPerHead);
    }

    public override void Run(int range)
    {
        // Under a causal mask the last lanes have the most work: they go first, so that no thread ends alone with them.
        int first = (_rangesPerHead - 1 - (range / _call.KeyValueHeads)) * _lanesPerRange;
        var part = new AttentionPart(range % _call.KeyValueHeads, first, Math.Min(first + _lanesPerRange, _call.LanesPerHead));
        AlignedMemory scratch = _arena.Rent(Attention.ScratchBytes(_call, part.EndLane - part.FirstLane));
        try
        {
            _kernels.Attention(_call, part, (byte*)scratch.Pointer);
        }
        finally
        {
            _arena.Return(scratch);
        }
    }
}
