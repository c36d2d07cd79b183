using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>
/// Spreads attention of a batch over the pool: a range is a split of the keys of one sequence, with a run of its lanes. Who finishes the last split of
/// some lanes merges them, so nobody waits for a second round.
/// </summary>
internal sealed unsafe class AttentionJob : PoolJob
{
    // Each range reads all keys of its split: 256 lanes read them seldom, and their queries and outputs (256 KiB at 128 numbers) fit the second level.
    private const int MostLanesPerRange = 8 * Attention.Lanes;
    private const int RangesPerThread = 2;

    // About 20 microseconds on one core, some times what waking another costs.
    private const long AloneFlops = 2_000_000;

    private readonly SegmentTable _segments = new();
    private KernelSet _kernels = null!;
    private ScratchArena _arena = null!;
    private AttentionCall[] _calls = [];
    private AttentionPart[] _parts = [];
    private int[] _splitsLeft = [];
    private int _partCount;
    private int _laneCount;

    /// <summary>Arguments were checked, but for the segments' memory, which is held meanwhile. angles: see <see cref="AttentionCall.Angles"/>.</summary>
    public void Execute(WorkerPool pool, KernelSet kernels, ScratchArena callScratch, ScratchArena rangeScratch, in AttentionBatch batch, float[] angles)
    {
        _kernels = kernels;
        _arena = rangeScratch;
        try
        {
            _segments.Fill(batch.Segments);
            fixed (float* table = angles)
            {
                long flops = Prepare(pool.Threads, batch, table);
                Run(pool, callScratch, batch.Sequences.Length, flops < AloneFlops);
            }
        }
        finally
        {
            _segments.Release();
        }
    }

    public override void Run(int range)
    {
        ref readonly AttentionPart part = ref _parts[range];
        ref readonly AttentionCall call = ref _calls[part.Sequence];
        AlignedMemory scratch = _arena.Rent(Attention.ScratchBytes(call, part));
        try
        {
            _kernels.Attention(call, part, (byte*)scratch.Pointer);
        }
        finally
        {
            _arena.Return(scratch);
        }

        if (Interlocked.Decrement(ref _splitsLeft[part.Lane]) == 0 && call.NeedsMerge) _kernels.MergeAttention(call, part);
    }

    private void Run(WorkerPool pool, ScratchArena callScratch, int sequences, bool alone)
    {
        long elements = 0;
        for (int i = 0; i < sequences; i++) elements += _calls[i].NeedsMerge ? AttentionPartials.Elements(_calls[i]) : 0;
        AlignedMemory partials = callScratch.Rent(elements * sizeof(float));
        try
        {
            float* next = (float*)partials.Pointer;
            for (int i = 0; i < sequences; i++)
            {
                _calls[i] = _calls[i] with { Partials = next };
                next += _calls[i].NeedsMerge ? AttentionPartials.Elements(_calls[i]) : 0;
            }

            pool.Run(this, _partCount, alone);
        }
        finally
        {
            callScratch.Return(partials);
        }
    }

    /// <summary>Calls and parts; returns the flops of all.</summary>
    private long Prepare(int threads, in AttentionBatch batch, float* angles)
    {
        int sequences = batch.Sequences.Length;
        if (_calls.Length < sequences) _calls = new AttentionCall[Math.Max(sequences, 2 * _calls.Length)];
        _partCount = 0;
        _laneCount = 0;
        long flops = 0;
        for (int i = 0; i < sequences; i++)
        {
            AttentionSpan span = batch.Sequences[i];
            SegmentPointer* segments = _segments.Start + span.FirstSegment;
            _calls[i] = new AttentionCall
            {
                Q = batch.Q.SliceRows(span.FirstRow, span.Rows),
                Output = batch.Output.SliceRows(span.FirstRow, span.Rows),
                Segments = segments,
                SegmentCount = span.Segments,
                Keys = SegmentTable.Number(segments, span.Segments),
                KeyValueHeads = batch.KeyValueHeads,
                HeadSize = batch.HeadSize,
                Angles = angles,
            };
            flops += 4L * span.Rows * batch.Q.Columns * _calls[i].Keys;
            if (span.Rows > 0) AddParts(i, threads);
        }

        return flops;
    }

    private void AddParts(int sequence, int threads)
    {
        ref readonly AttentionCall call = ref _calls[sequence];
        bool few = call.LanesPerHead <= FewLanesAttention.MostLanes;
        int heads = few ? call.KeyValueHeads : 1;
        long groups = (call.LanesPerHead + Attention.Lanes - 1) / Attention.Lanes;
        int lanes = (int)Math.Clamp(groups * call.KeyValueHeads / (threads * RangesPerThread) * Attention.Lanes, Attention.Lanes, MostLanesPerRange);

        // Under a causal mask the last lanes have the most work: they go first, so that no thread ends alone with them.
        for (int firstLane = (call.LanesPerHead - 1) / lanes * lanes; firstLane >= 0; firstLane -= lanes)
        {
            int endLane = Math.Min(firstLane + lanes, call.LanesPerHead);
            for (int head = 0; head < call.KeyValueHeads; head += heads)
                AddSplits(new AttentionPart(sequence, 0, firstLane, endLane) { KeyValueHead = head, KeyValueHeads = heads, Lane = _laneCount++ }, call.Splits);
        }
    }

    private void AddSplits(AttentionPart part, int splits)
    {
        if (_splitsLeft.Length < _laneCount) Array.Resize(ref _splitsLeft, 2 * _laneCount);
        if (_parts.Length < _partCount + splits) Array.Resize(ref _parts, 2 * (_partCount + splits));
        _splitsLeft[part.Lane] = splits;
        for (int split = 0; split < splits; split++) _parts[_partCount++] = part with { Split = split };
    }
}
