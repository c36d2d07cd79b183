using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Retention;

/// <summary>One pass over one shard: drops what retention no longer keeps, empties the segments with most garbage, deletes those that are empty.</summary>
internal sealed partial class ShardCompactor(Shard shard, Func<TenantId, RetentionPolicy> policies, Throttle throttle, SteadyClock clock, ILogger logger)
{
    /// <param name="pass">Number of the pass: of many memories, each pass looks at another part for expired versions.</param>
    /// <param name="isThorough">True: looks at all memories, and also makes drops that would wait for more.</param>
    /// <param name="progress">Told about memories, then about segments.</param>
    /// <param name="cancellationToken">Ends between two records; what was done stays done.</param>
    /// <exception cref="LatentDbException">store_full, store_unavailable, stale_owner.</exception>
    public async Task<CompactionReport> RunAsync(long pass, bool isThorough, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        CompactionReport pruned = await PruneAsync(isThorough ? null : pass, progress, cancellationToken).ConfigureAwait(false);
        CompactionReport swept = await CollectAsync(isThorough, progress, cancellationToken).ConfigureAwait(false);
        return pruned + swept;
    }

    private async Task<CompactionReport> PruneAsync(long? pass, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        var pruner = new VersionPruner(shard);
        var now = new HybridTimestamp(clock.Now.UtcTicks);
        (long memories, long versions, long blocks) = (0, 0, 0);
        List<MemoryRef> all = MemoriesOf(pass);
        foreach (MemoryRef memory in all)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                (int droppedVersions, int droppedBlocks) = await pruner.PruneAsync(memory, policies(memory.Key.Tenant), now, isThorough: pass is null, cancellationToken).ConfigureAwait(false);
                (versions, blocks) = (versions + droppedVersions, blocks + droppedBlocks);
            }
            catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
            {
                // A damaged memory keeps what it has; the others go on.
                LogDamaged(logger, e, memory.Key);
            }

            progress?.Report(new StoreProgress("memories", ++memories, all.Count));
        }

        return CompactionReport.Empty with { Memories = memories, VersionsDropped = versions, BlocksDropped = blocks };
    }

    private List<MemoryRef> MemoriesOf(long? pass)
    {
        var all = shard.Index.Directory.All();
        int parts = (all.Length / StoreLimits.MemoriesPerPass) + 1;
        return [.. pass is long number ? all.Where(m => m.Uid.Value % (UInt128)parts == (UInt128)(number % parts)) : all];
    }

    private async Task<CompactionReport> CollectAsync(bool isThorough, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        // What lies before the newest checkpoint is dead in the manifest log, but for what the index names. A pass of the loop takes the checkpoints
        // as they come, so that an idle store writes nothing.
        if (isThorough) await shard.ManifestLog.CheckpointAsync().ConfigureAwait(false);
        List<SegmentFile> chosen = SegmentChoice.Choose(SegmentFile.List(shard), StoreLimits.MaxLooseEpochs);

        // What stands in a log without a header cannot be told, so nothing of it is taken for garbage.
        chosen.RemoveAll(file => !shard.Epochs.IsReadable(file.Id.Epoch, file.Id.Log));
        var sweep = new SegmentSweep(shard, throttle, (segment, address, cause) => LogUnmoved(logger, cause, segment.Epoch, segment.Log, address));
        foreach ((int index, SegmentFile file) in chosen.Index())
        {
            await sweep.RunAsync(file.Id, cancellationToken).ConfigureAwait(false);
            progress?.Report(new StoreProgress("segments", index + 1, chosen.Count));
        }

        (long deleted, long kept, long freed) = (0, 0, 0);
        if (chosen.Count > 0)
        {
            // Twice: both commit slots must name a checkpoint that needs none of the segments.
            await shard.ManifestLog.CheckpointAsync().ConfigureAwait(false);
            await shard.ManifestLog.CheckpointAsync().ConfigureAwait(false);
            foreach (SegmentFile file in chosen)
            {
                bool isEmpty = !shard.Index.IsUsageUncertain && shard.Index.Usage.BytesOf(file.Id) == 0;
                if (isEmpty) await DeleteAsync(file.Id, cancellationToken).ConfigureAwait(false);
                else LogKept(logger, file.Id.Epoch, file.Id.Log, file.Id.Segment, shard.Index.Usage.BytesOf(file.Id));
                (deleted, kept, freed) = isEmpty ? (deleted + 1, kept, freed + file.FileBytes) : (deleted, kept + 1, freed);
            }
        }

        List<SegmentFile> left = SegmentFile.List(shard);
        return CompactionReport.Empty with
        {
            SegmentsDeleted = deleted,
            SegmentsKept = kept,
            CopiedBytes = sweep.CopiedBytes,
            FreedBytes = freed,
            LiveBytes = left.Sum(f => f.LiveBytes),
            FileBytes = left.Sum(f => f.FileBytes),
        };
    }

    private async Task DeleteAsync(SegmentId segment, CancellationToken cancellationToken)
    {
        await shard.FilesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await DeleteOwnAsync(segment).ConfigureAwait(false);
        }
        finally
        {
            shard.FilesGate.Release();
        }
    }

    private async ValueTask DeleteOwnAsync(SegmentId segment)
    {
        // Whoever has lost the shard leaves its files alone. Paused right after the check, it still removes nothing that is needed: what this index calls
        // empty was so in a state that every later owner has seen, and no record ever comes to stand in an old place.
        await shard.Fence.CheckAsync().ConfigureAwait(false);
        shard.Epochs.Get(segment.Epoch).Reader(segment.Log).Forget(segment.Segment);
        try
        {
            shard.Layout.DeleteSegment(segment);
        }
        catch (IOException e)
        {
            // Nothing needs the file, so nothing is lost: a later pass tries again.
            throw DurableFile.ToStoreError(e, $"Deleting segment {segment.Segment} of epoch {segment.Epoch}");
        }
    }

    [LoggerMessage(EventId = 110, Level = LogLevel.Warning, Message = "Memory {Memory} is damaged and was left out of retention.")]
    private static partial void LogDamaged(ILogger logger, Exception cause, MemoryKey memory);

    [LoggerMessage(EventId = 114, Level = LogLevel.Warning, Message = "The record at address {Address} of the {Log} log of epoch {Epoch} is damaged and was not moved; its segment is kept.")]
    private static partial void LogUnmoved(ILogger logger, Exception cause, Epoch epoch, LogName log, long address);

    [LoggerMessage(EventId = 111, Level = LogLevel.Warning, Message = "Segment {Segment} of the {Log} log of epoch {Epoch} still counts {Bytes} live bytes that could not be moved; it is kept.")]
    private static partial void LogKept(ILogger logger, Epoch epoch, LogName log, int segment, long bytes);
}
