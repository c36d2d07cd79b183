using System.Diagnostics;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Time;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// Opens a shard. The order, and what the next opening finds if the power goes after each step:
/// <code>
/// 1 take the lock                                      nothing changed
/// 2 raise the epoch in the state file                  a gap in the epoch numbers
/// 3 read the current epoch's logs into the index       nothing changed
/// 4 create the new epoch's folder and logs             a folder above "current": it acknowledged nothing and is removed
/// 5 write its opening record, copies and checkpoint    the same
/// 6 name it "current" in the state file                the new epoch, complete
/// 7 remove the epochs that it does not name            left-over folders, removed by the next opening
/// </code>
/// </summary>
internal static partial class ShardRecovery
{
    /// <exception cref="LatentDbException">shard_locked, data_damaged, unsupported_format, store_full, store_unavailable.</exception>
    public static async Task<Shard> OpenAsync(ShardId id, ShardLayout layout, ShardSettings settings, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        using Activity? activity = StoreMetrics.Source.StartActivity("store.recovery");
        layout.Disk.CreateDurableFolder(layout.Root);
        ShardLock shardLock = ShardLock.Take(layout.LockPath, layout.OwnerPath, id.ToString(), settings.Time);
        var epochs = new EpochSet(layout);
        try
        {
            ShardState state = ReadState(layout);
            Epoch epoch = state.Raised.Next();
            new ShardState(epoch, state.Current).Write(layout.Disk, layout.StatePath);
            RecoveredShard recovered = RecoveredShard.Empty();
            if (state.Current.Value > 0)
            {
                recovered = await new EpochReplay(layout, epochs, settings.Logger).RunAsync(state.Current, useCheckpoints: true, cancellationToken).ConfigureAwait(false);
            }

            RemoveOthers(layout, recovered.Epochs.Select(e => e.Epoch));
            Shard shard = await BeginEpochAsync(id, layout, settings, epochs, recovered, epoch, shardLock, cancellationToken).ConfigureAwait(false);
            StoreMetrics.Recovered(Stopwatch.GetElapsedTime(started));
            LogOpened(settings.Logger, id, epoch, recovered.ReplayedFrames);
            return shard;
        }
        catch
        {
            epochs.Dispose();
            shardLock.Dispose();
            throw;
        }
    }

    private static ShardState ReadState(ShardLayout layout)
    {
        if (layout.Disk.FileExists(layout.StatePath)) return ShardState.Read(layout.Disk, layout.StatePath);
        if (layout.Epochs().Count == 0) return new ShardState(new Epoch(0), new Epoch(0));
        throw new LatentDbException(ErrorCode.DataDamaged, "The shard's state file is missing beside its data; the shard is not opened, because it would look empty.");
    }

    /// <summary>Folders that the current epoch does not name: an opening that was not finished, or epochs that were gathered.</summary>
    private static void RemoveOthers(ShardLayout layout, IEnumerable<Epoch> named)
    {
        foreach (Epoch other in layout.Epochs().Except(named)) layout.DeleteEpoch(other);
    }

    private static async Task<Shard> BeginEpochAsync(
        ShardId id, ShardLayout layout, ShardSettings settings, EpochSet epochs, RecoveredShard recovered, Epoch epoch, ShardLock shardLock, CancellationToken cancellationToken)
    {
        var clock = new HybridClock(settings.Time);
        clock.Observe(recovered.HighMark);
        var fence = new EpochFence(layout, epoch);
        layout.CreateEpoch(epoch);
        FrameLog? blocks = null;
        FrameLog? manifests = null;
        try
        {
            blocks = new FrameLog(
                settings.CreateLog(layout.Disk, layout.BlocksFolder(epoch), settings.BlockGeometry), epoch, clock, fence.Check, settings.Time, StoreMetrics.ForLog("blocks"));
            manifests = new FrameLog(
                settings.CreateLog(layout.Disk, layout.ManifestFolder(epoch), settings.ManifestGeometry), epoch, clock, fence.Check, settings.Time, StoreMetrics.ForLog("manifest"));
            epochs.Add(new EpochLogs(epoch, manifests.Reader, blocks.Reader));
            GatheringPlan plan = EpochGathering.Plan(recovered, settings.MaxLooseEpochs);
            await WriteOpeningAsync(settings, plan, epochs, recovered, manifests, blocks, cancellationToken).ConfigureAwait(false);
            new ShardState(epoch, epoch).Write(layout.Disk, layout.StatePath);
            foreach (EpochSeal gathered in recovered.Epochs.Except(plan.Kept)) epochs.Close(gathered.Epoch);
            RemoveOthers(layout, plan.Kept.Select(e => e.Epoch).Append(epoch));
            return new Shard(id, settings, epoch, recovered.Index, epochs, manifests, blocks, clock, shardLock);
        }
        catch
        {
            if (manifests is not null) await manifests.DisposeAsync().ConfigureAwait(false);
            if (blocks is not null) await blocks.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task WriteOpeningAsync(
        ShardSettings settings, GatheringPlan plan, EpochSet epochs, RecoveredShard recovered, FrameLog manifests, FrameLog blocks, CancellationToken cancellationToken)
    {
        var opened = new EpochOpenedRecord(plan.Kept);
        await manifests.EnqueueAsync(new RecordDraft(FrameKind.EpochOpened, default, RecordCodec.Encode(opened)), publish: null).ConfigureAwait(false);
        bool changed = plan.Kept.Length != recovered.Epochs.Length;
        if (changed) await new EpochGathering(recovered, epochs, manifests, blocks).CopyAsync(plan.Copied, cancellationToken).ConfigureAwait(false);
        if (changed || recovered.ReplayedFrames > settings.FramesBetweenCheckpoints || recovered.ReplayedBytes > settings.BytesBetweenCheckpoints)
        {
            ReadOnlyMemory<byte> checkpoint = RecordCodec.Encode(recovered.Index.ToCheckpoint());
            await manifests.EnqueueAsync(new RecordDraft(FrameKind.Checkpoint, default, checkpoint), publish: null).ConfigureAwait(false);
        }

        await blocks.FlushAsync().ConfigureAwait(false);
        await manifests.FlushAsync().ConfigureAwait(false);
    }

    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Opened {Shard} as epoch {Epoch}; replayed {Frames} frames.")]
    private static partial void LogOpened(ILogger logger, ShardId shard, Epoch epoch, long frames);
}
