using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

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
    private int _headsPerRange;

    public void Execute(WorkerPool pool, KernelSet kernels, ScratchArena rangeScratch, in AttentionCall call)
    {
        _kernels = kernels;
        _arena = rangeScratch;
        _call = call;
        int wanted = pool.Threads * RangesPerThread;
        long groups = (call.LanesPerHead + Attention.Lanes - 1) / Attention.Lanes;
        _lanesPerRange = (int)Math.Clamp(groups * call.KeyValueHeads / wanted * Attention.Lanes, Attention.Lanes, MostLanesPerRange);
        _rangesPerHead = (call.LanesPerHead + _lanesPerRange - 1) / _lanesPerRange;
        _headsPerRange = call.LanesPerHead <= Attention.MostFewLanes ? Math.Max(1, call.KeyValueHeads / wanted) : 1;
        pool.Run(this, HeadRanges * _rangesPerHead);
    }

    private int HeadRanges => (_call.KeyValueHeads + _headsPerRange - 1) / _headsPerRange;

    public override void Run(int range)
    {
        // Under a causal mask the last lanes have the most work: they go first, so that no thread ends alone with them.
        int firstLane = (_rangesPerHead - 1 - (range / HeadRanges)) * _lanesPerRange;
        int firstHead = range % HeadRanges * _headsPerRange;
        var part = new AttentionPart(firstHead, firstLane, Math.Min(firstLane + _lanesPerRange, _call.LanesPerHead))
        {
            KeyValueHeads = Math.Min(_headsPerRange, _call.KeyValueHeads - firstHead),
        };
        AlignedMemory scratch = _arena.Rent(Attention.ScratchBytes(_call, part));
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
