using System.Collections.Immutable;
using System.Diagnostics;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Pool;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Scheduling;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Hosting;

/// <summary>
/// One inject: chunk after chunk, each on top of the one before; new slices go to the sink and into the pager. Nothing is committed here.
/// </summary>
internal sealed class InjectRun(MemoryModel model, MemoryPager pager, StepScheduler scheduler, ModelTelemetry telemetry, TimeProvider time)
{
    private TimeSpan _queue;
    private TimeSpan _pageIn;
    private TimeSpan _encode;
    private TimeSpan _stage;

    public async Task<InjectOutcome> RunAsync(InjectRequest request, InjectTokens text, TimeSpan tokenize, CancellationToken cancellationToken)
    {
        var clock = new StageClock(time);
        using StepScheduler.Admission place = await telemetry.EnterAsync(scheduler, cancellationToken).ConfigureAwait(false);
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
        InjectRequest request, InjectTokens text, int chunk, Manifest manifest, StagedSource source, StepScheduler.Admission place, CancellationToken cancellationToken)
    {
        var clock = new StageClock(time);
        bool isEmpty = manifest.Layers[0].PoolRows == 0; // a checkpoint without memory: its first write fills the pool
        using PinHandle? newest = isEmpty
            ? null
            : await telemetry.PinAsync(time, () => pager.PinForWriteAsync(manifest, model.Dimensions.K, source, cancellationToken), chunk).ConfigureAwait(false);
        _pageIn += clock.Lap();

        using StepScheduler.Turn turn = await telemetry.TakeTurnAsync(place, cancellationToken, chunk).ConfigureAwait(false);
        _queue += clock.Lap();
        using NewRows rows = await WriteAsync(text, chunk, newest, cancellationToken).ConfigureAwait(false);
        _encode += clock.Lap();

        using Activity? span = telemetry.BeginChunk("model.append", chunk);
        BlockId block = request.Sink.NextBlock();
        for (int layer = 0; layer < model.Dimensions.L; layer++)
        {
            (BlockSlice hidden, BlockSlice read) = model.Encode(block, layer, rows);
            await StageAsync(request.Sink, source, hidden, cancellationToken).ConfigureAwait(false);
            await StageAsync(request.Sink, source, read, cancellationToken).ConfigureAwait(false);
        }

        _stage += clock.Lap();
        var drops = new SeededDropSource(request.Seed, chunk, model.Rules.DropsPerLayer);
        return model.Next(manifest, block, rows.Rows, drops);
    }

    private async ValueTask<NewRows> WriteAsync(InjectTokens text, int chunk, PinHandle? newest, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<int> ids = text.Ids.AsMemory(text.Chunks[chunk]);
        using Activity? span = telemetry.BeginChunk("model.encode", chunk)?.SetTag("latentdb.tokens", ids.Length);
        return await model.WriteAsync(ids, newest, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask StageAsync(IBlockSink sink, StagedSource source, BlockSlice slice, CancellationToken cancellationToken)
    {
        await sink.StageAsync(slice, cancellationToken).ConfigureAwait(false);
        source.Keep(slice);
        pager.Offer(slice);
    }
}
