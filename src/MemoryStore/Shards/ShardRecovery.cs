using System.Diagnostics;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Time;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// Opens a shard whose lock is held. The order, and what the next opening finds if the power goes after each step:
/// <code>
/// 1 raise the epoch in the state file                  a gap in the epoch numbers
/// 2 read the current epoch's log into the index        nothing changed
/// 3 create the new epoch's folder, keys and logs       a folder above "current": it acknowledged nothing and is removed
/// 4 write its opening record and a checkpoint          the same
/// 5 name it "current" in the state file                the new epoch, complete; the keys are in two places
/// 6 shred the keys of earlier epochs                   the new epoch; the next opening goes on shredding
/// 7 remove epochs without segments                     left-over folders, removed by the next opening
/// </code>
/// Nothing is served before 6, so no key can be erased while an older copy of it is there.
/// </summary>
internal sealed partial class ShardRecovery(ShardId id, ShardLayout layout, ShardSettings settings, IMasterKeyProvider master, ShardOwnership ownership)
{
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, key_unavailable, store_full, store_unavailable.</exception>
    public async Task<Shard> OpenAsync(CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        using Activity? activity = StoreMetrics.Source.StartActivity("store.recovery");
        var epochs = new EpochSet(layout);
        try
        {
            ShardState state = ReadState();
            Epoch epoch = state.Raised.Next();
            new ShardState(epoch, state.Current).Write(layout.Disk, layout.StatePath);
            RemoveAbove(state.Current);
            Shard shard = state.Current.Value > 0
                ? await ContinueAsync(epochs, state.Current, epoch, cancellationToken).ConfigureAwait(false)
                : await BeginAsync(epochs, RecoveredShard.Empty(), null, epoch, cancellationToken).ConfigureAwait(false);
            StoreMetrics.Recovered(Stopwatch.GetElapsedTime(started));
            return shard;
        }
        catch
        {
            epochs.Dispose();
            throw;
        }
    }

    private ShardState ReadState()
    {
        if (layout.Disk.FileExists(layout.StatePath)) return ShardState.Read(layout.Disk, layout.StatePath);
        if (layout.Epochs().Count == 0) return new ShardState(new Epoch(0), new Epoch(0));
        throw new LatentDbException(ErrorCode.DataDamaged, "The shard's state file is missing beside its data; the shard is not opened, because it would look empty.");
    }

    private async Task<Shard> ContinueAsync(EpochSet epochs, Epoch current, Epoch epoch, CancellationToken cancellationToken)
    {
        Keyring keyring = await Keyring.OpenAsync(layout.Disk, layout.EpochFolder(current), master, cancellationToken).ConfigureAwait(false);
        await using (keyring.ConfigureAwait(false))
        {
            if (keyring.DamagedCopies > 0) LogDamagedKeys(settings.Logger, id, keyring.DamagedCopies, keyring.LostSlots);
            var index = new ShardIndex();
            index.Usage.SegmentBytes = epochs.SegmentBytesOf;
            RecoveredShard recovered = await new EpochReplay(layout, epochs, new ShardKeys(keyring), index, settings.Logger)
                .RunAsync(current, cancellationToken).ConfigureAwait(false);
            return await BeginAsync(epochs, recovered, keyring, epoch, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Shard> BeginAsync(EpochSet epochs, RecoveredShard recovered, Keyring? before, Epoch epoch, CancellationToken cancellationToken)
    {
        var clock = new HybridClock(settings.Time);
        clock.Observe(recovered.HighMark);
        var fence = new EpochFence(layout, epoch, ownership);
        ShardIndex index = recovered.Index;
        layout.CreateEpoch(epoch);
        Keyring? keyring = null;
        FrameLog? blocks = null;
        FrameLog? manifests = null;
        try
        {
            keyring = before is null
                ? await Keyring.CreateAsync(layout.Disk, layout.EpochFolder(epoch), master, cancellationToken).ConfigureAwait(false)
                : await before.CopyToAsync(layout.EpochFolder(epoch), uid => index.Find(uid) is not null, cancellationToken).ConfigureAwait(false);
            await ForgetLostKeysAsync(keyring, index, cancellationToken).ConfigureAwait(false);
            blocks = new FrameLog(
                settings.CreateLog(layout.Disk, layout.BlocksFolder(epoch), settings.BlockGeometry), epoch, clock, fence.Check, settings.Time, StoreMetrics.ForLog("blocks"));
            manifests = new FrameLog(
                settings.CreateLog(layout.Disk, layout.ManifestFolder(epoch), settings.ManifestGeometry), epoch, clock, fence.Check, settings.Time, StoreMetrics.ForLog("manifest"));
            EpochLogs logs = OpenLogs(epoch, manifests, blocks);
            epochs.Add(logs);
            epochs.Seals = [.. recovered.Epochs.Where(e => HasSegments(e.Epoch))];
            index.Usage.SegmentBytes = epochs.SegmentBytesOf;
            var keys = new ShardKeys(keyring);
            manifests.Checkpoints = new CheckpointSchedule(
                settings.FramesBetweenCheckpoints, settings.BytesBetweenCheckpoints, new CheckpointWriter(index, epochs, keys, logs));
            var opened = new RecordDraft(FrameKind.EpochOpened, default, RecordCodec.Encode(new EpochOpenedRecord(epoch)), Key: null);
            await manifests.AppendAsync(opened, publish: null).ConfigureAwait(false);
            await manifests.CheckpointAsync().ConfigureAwait(false);
            new ShardState(epoch, epoch).Write(layout.Disk, layout.StatePath);
            RemoveBefore(epoch);
            LogOpened(settings.Logger, id, epoch, recovered.ReplayedFrames);
            return new Shard(new ShardParts(id, layout, epoch, index, epochs, keys, manifests, blocks, clock, ownership), settings);
        }
        catch
        {
            if (manifests is not null) await manifests.DisposeAsync().ConfigureAwait(false);
            if (blocks is not null) await blocks.DisposeAsync().ConfigureAwait(false);
            if (keyring is not null) await keyring.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>When every memory has its key, a slot that was lost was nobody's, and names that are not found are unknown again.</summary>
    private static async Task ForgetLostKeysAsync(Keyring keyring, ShardIndex index, CancellationToken cancellationToken)
    {
        if (keyring.LostSlots == 0) return;
        var known = keyring.Memories().ToHashSet();
        if (index.Directory.All().All(m => known.Contains(m.Uid))) await keyring.ForgetLostAsync(cancellationToken).ConfigureAwait(false);
    }

    private EpochLogs OpenLogs(Epoch epoch, FrameLog manifests, FrameLog blocks) => new(
        epoch,
        manifests.Reader,
        LogFolder.Read(layout.Disk, layout.ManifestFolder(epoch)),
        blocks.Reader,
        LogFolder.Read(layout.Disk, layout.BlocksFolder(epoch)));

    /// <summary>Openings that were not finished.</summary>
    private void RemoveAbove(Epoch current)
    {
        foreach (Epoch other in layout.Epochs().Where(e => e.Value > current.Value))
        {
            // It may hold a copy of the keys, and a key that is erased later must not be left in free blocks of the disk.
            Keyring.Shred(layout.Disk, layout.EpochFolder(other));
            layout.DeleteEpoch(other);
        }
    }

    /// <summary>Keys of earlier epochs, which must be gone before the first erasure, and epochs that compaction has emptied.</summary>
    private void RemoveBefore(Epoch epoch)
    {
        foreach (Epoch other in layout.Epochs().Where(e => e.Value < epoch.Value))
        {
            Keyring.Shred(layout.Disk, layout.EpochFolder(other));
            if (!HasSegments(other)) layout.DeleteEpoch(other);
        }
    }

    private bool HasSegments(Epoch epoch) => layout.Segments(epoch, LogName.Manifest).Count > 0 || layout.Segments(epoch, LogName.Blocks).Count > 0;

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "Of the keys of {Shard}, {Copies} copies are damaged, and {Lost} are damaged in both.")]
    private static partial void LogDamagedKeys(ILogger logger, ShardId shard, long copies, int lost);

    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Opened {Shard} as epoch {Epoch}; replayed {Frames} frames.")]
    private static partial void LogOpened(ILogger logger, ShardId shard, Epoch epoch, long frames);
}
