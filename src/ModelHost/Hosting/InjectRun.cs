using System.Collections.Immutable;
using System.Diagnostics;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Pool;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Scheduling;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Hosting;

/// <summary>
/// One inject: chunk after chunk, each on top of the one before; new slices go to the sink and into the pager. Nothing is committed here.
/// </summary>
internal sealed class InjectRun(MemoryModel model, MemoryPager pager, BatchScheduler scheduler, ModelTelemetry telemetry, TimeProvider time)
{
    private TimeSpan _queue;
    private TimeSpan _pageIn;
    private TimeSpan _encode;
    private TimeSpan _stage;

    public async Task<InjectOutcome> RunAsync(InjectRequest request, InjectTokens text, TimeSpan tokenize, CancellationToken cancellationToken)
    {
        var clock = new StageClock(time);
        var demand = new Demand(request.Flow, request.Priority, (long)text.Ids.Length * model.Dimensions.L);
        using Place place = await telemetry.EnterAsync(scheduler, demand, cancellationToken).ConfigureAwait(false);
        _queue += clock.Lap();

        Manifest manifest = request.Head.Manifest;
        var deltas = ImmutableArray.CreateBuilder<ManifestDelta>(text.Chunks.Length);
        var source = new StagedSource(request.Source);
        for (int chunk = 0; chunk < text.Chunks.Length; chunk++)
        {
            ManifestDelta delta = await WriteChunkAsync(request, text, chunk, manifest, source, place, cancellationToken).ConfigureAwait(false);
            deltas.Add(delta);
            manifest = delta.Apply(manifest);
        }

        var timings = new StageTimings { Queue = _queue, Tokenize = tokenize, PageIn = _pageIn, Encode = _encode, Stage = _stage };
        telemetry.CompletedInject(timings, text.Ids.Length);
        return new InjectOutcome(deltas.MoveToImmutable(), text.TextTokens, text.Ids.Length - text.TextTokens, timings);
    }

    private async Task<ManifestDelta> WriteChunkAsync(
        InjectRequest request, InjectTokens text, int chunk, Manifest manifest, StagedSource source, Place place, CancellationToken cancellationToken)
    {
        var clock = new StageClock(time);
        bool isEmpty = manifest.Layers[0].PoolRows == 0; // a checkpoint without memory: its first write fills the pool
        using PinHandle? newest = isEmpty
            ? null
            : await telemetry.PinAsync(time, () => pager.ReserveForWriteAsync(manifest, model.Dimensions.K, source, request.Flow, cancellationToken), chunk).ConfigureAwait(false);
        _pageIn += clock.Lap();

        BlockId block = request.Sink.NextBlock();
        using var work = new ChunkWork(model, model.BeginWrite(text.Ids.AsSpan(text.Chunks[chunk]), newest, cancellationToken), block);
        var computing = new LoopRequest(place, work, sequence: null, cancellationToken);
        await scheduler.RunAsync(computing).ConfigureAwait(false);
        LoopTimes times = computing.Times;
        telemetry.Computed(time, times, "model.encode", text.Ids.AsSpan(text.Chunks[chunk]).Length, chunk);
        _queue += times.Queued(time);
        _pageIn += times.InWaits;
        _encode += times.InPieces;
        clock.Lap();

        using Activity? span = telemetry.BeginChunk("model.append", chunk);
        foreach (BlockSlice slice in work.Slices) await StageAsync(request, source, slice, cancellationToken).ConfigureAwait(false);
        _stage += clock.Lap();
        var drops = new SeededDropSource(request.Seed, chunk, model.Rules.DropsPerLayer);
        return model.Next(manifest, block, work.Rows, drops);
    }

    private async ValueTask StageAsync(InjectRequest request, StagedSource source, BlockSlice slice, CancellationToken cancellationToken)
    {
        await request.Sink.StageAsync(slice, cancellationToken).ConfigureAwait(false);
        source.Keep(slice);
        pager.Offer(slice, request.Flow);
    }
}
