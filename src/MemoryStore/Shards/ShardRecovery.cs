using System.Diagnostics;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Replication.Mirrors;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Time;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// Opens a shard for whoever has its lock or its lease. The order, and what the next opening finds if the power goes after each step, or if this process
/// sleeps after it for any time and then goes on:
/// <code>
/// 1 create the new epoch's folder                      an empty folder
/// 2 raise the epoch in the history of states           the owner before acknowledges nothing from here on
/// 3 remove openings that were not finished             folders between "current" and this epoch: they never can become current
/// 4 read the current epoch's log into the index        nothing changed
/// 5 copy the keys, create the logs                     a folder above "current": it acknowledged nothing and is removed
/// 6 write its opening record and a checkpoint          the same
/// 7 name it "current" in the history of states         the new epoch, complete; the keys are in two places
/// 8 shred the keys of earlier epochs                   the new epoch; the next opening goes on shredding
/// 9 remove epochs without segments                     left-over folders, removed by the next opening
/// </code>
/// Nothing is served before 8, so no key can be erased while an older copy of it is there. Two that open at once: whoever raises later (2) takes from the
/// other the number that its step 7 needs, so of those that have raised only the last can become current, and only one that has become current shreds keys:
/// keys of epochs that no later opener reads. What a sleeper still writes goes into its own folder; when that was removed in 3 it cannot write keys there,
/// because it makes the folder in 1 only.
/// </summary>
internal sealed partial class ShardRecovery(
    ShardId id, ShardLayout layout, ShardSettings settings, IMasterKeyProvider master, ShardOwnership ownership, ShardMirror? mirror = null)
{
    private const int MaxReadings = 5;

    /// <exception cref="LatentDbException">stale_owner when another opener came first; not_owner when the lease is over; data_damaged, unsupported_format, key_unavailable, store_full, store_unavailable.</exception>
    public async Task<Shard> OpenAsync(CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        using Activity? activity = StoreMetrics.Source.StartActivity("store.recovery");
        var epochs = new EpochSet(layout);
        try
        {
            ShardState state = ReadState();
            Epoch epoch = state.Raised.Next();
            layout.CreateEpoch(epoch);

            // After the state was read: a sleeper that wakes here either knows that its lease is over, or finds the state changed.
            ownership.Require();
            ShardState raised = layout.States.Advance(state, epoch, state.Current);
            layout.States.RemoveOld(raised);
            RemoveUnfinished(raised);
            Shard shard = raised.Current.Value > 0
                ? await ContinueAsync(epochs, raised, cancellationToken).ConfigureAwait(false)
                : await BeginAsync(epochs, RecoveredShard.Empty(), null, raised, cancellationToken).ConfigureAwait(false);
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
        ShardState state = layout.States.Read() ?? ShardState.New;
        IReadOnlyList<Epoch> epochs = layout.Epochs();
        bool isLost = epochs.Any(e => e.Value > state.Current.Value && layout.IsServed(e)) || (state == ShardState.New && epochs.Any(HasSegments));
        if (!isLost) return state;

        // Unless somebody has opened the shard since the state was read: then there is a newer one.
        if (layout.States.NewestNumber() == state.Number) throw Lost();
        throw new LatentDbException(ErrorCode.StaleOwner, "Another owner has opened the shard at this moment.");
    }

    private static LatentDbException Lost() =>
        new(ErrorCode.DataDamaged, "The shard's newest state file is missing beside its data; the shard is not opened, because it would look empty or older than it is.");

    private async Task<Shard> ContinueAsync(EpochSet epochs, ShardState raised, CancellationToken cancellationToken)
    {
        for (int reading = 1; ; reading++)
        {
            string? before = KeyFilesPrint.Of(layout.Disk, layout.EpochFolder(raised.Current));
            ReadShard? read = null;
            try
            {
                read = await ReadAsync(epochs, raised, cancellationToken).ConfigureAwait(false);
                if (before is not null && before == KeyFilesPrint.Of(layout.Disk, layout.EpochFolder(raised.Current)))
                {
                    return await BeginAsync(epochs, read.Shard, read.Keys, raised, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (LatentDbException e) when (read is null && e.IsDamage() && before != KeyFilesPrint.Of(layout.Disk, layout.EpochFolder(raised.Current)))
            {
                // Below.
            }

            // The owner before was not at its end: it wrote keys while they were read. It can acknowledge nothing more, and its next commit ends it.
            if (read is not null) await read.Keys.DisposeAsync().ConfigureAwait(false);
            if (reading == MaxReadings) throw new LatentDbException(ErrorCode.StoreUnavailable, "The owner before goes on changing its keys; the shard is opened later.");
        }
    }

    /// <summary>What the current epoch says, and a copy of its keys in the folder of the new one.</summary>
    private async Task<ReadShard> ReadAsync(EpochSet epochs, ShardState raised, CancellationToken cancellationToken)
    {
        Keyring keyring = await Keyring.OpenAsync(layout.Disk, layout.EpochFolder(raised.Current), master, cancellationToken).ConfigureAwait(false);
        await using (keyring.ConfigureAwait(false))
        {
            if (keyring.DamagedCopies > 0) LogDamagedKeys(settings.Logger, id, keyring.DamagedCopies, keyring.LostSlots);
            var index = new ShardIndex();
            index.Usage.SegmentBytes = epochs.SegmentBytesOf;
            RecoveredShard recovered = await new EpochReplay(layout, epochs, new ShardKeys(keyring), index, settings.Logger)
                .RunAsync(raised.Current, cancellationToken).ConfigureAwait(false);
            Keyring copy = await keyring.CopyToAsync(layout.EpochFolder(raised.Raised), uid => index.Find(uid) is not null, cancellationToken).ConfigureAwait(false);
            return new ReadShard(recovered, copy);
        }
    }

    private async Task<Shard> BeginAsync(EpochSet epochs, RecoveredShard recovered, Keyring? keys, ShardState raised, CancellationToken cancellationToken)
    {
        Epoch epoch = raised.Raised;
        var clock = new HybridClock(settings.Time);
        clock.Observe(recovered.HighMark);
        var fence = new EpochFence(layout.States, epoch, ownership) { Number = raised.Number };
        ShardIndex index = recovered.Index;
        Keyring? keyring = keys;
        FrameLog? blocks = null;
        FrameLog? manifests = null;
        try
        {
            keyring ??= await Keyring.CreateAsync(layout.Disk, layout.EpochFolder(epoch), master, cancellationToken).ConfigureAwait(false);
            await ForgetLostKeysAsync(keyring, index, cancellationToken).ConfigureAwait(false);
            blocks = NewLog(epoch, LogName.Blocks, clock, fence);
            manifests = NewLog(epoch, LogName.Manifest, clock, fence);
            EpochLogs logs = OpenLogs(epoch, manifests, blocks);
            epochs.Add(logs);
            epochs.Seals = [.. recovered.Epochs.Where(e => HasSegments(e.Epoch))];
            index.Usage.SegmentBytes = epochs.SegmentBytesOf;
            var shardKeys = new ShardKeys(keyring);
            manifests.Checkpoints = new CheckpointSchedule(
                settings.FramesBetweenCheckpoints, settings.BytesBetweenCheckpoints, new CheckpointWriter(index, epochs, shardKeys, logs));
            var opened = new RecordDraft(FrameKind.EpochOpened, default, RecordCodec.Encode(new EpochOpenedRecord(epoch)), Key: null);
            await manifests.AppendAsync(opened, publish: null).ConfigureAwait(false);
            await manifests.CheckpointAsync().ConfigureAwait(false);
            fence.Number = layout.States.Advance(raised, epoch, epoch).Number;
            layout.MarkServed(epoch);
            RemoveBefore(epoch);
            LogOpened(settings.Logger, id, epoch, recovered.ReplayedFrames);
            fence.Mirror = mirror;
            mirror?.Opened();
            return new Shard(new ShardParts(id, layout, epoch, index, epochs, shardKeys, manifests, blocks, clock) { Ownership = ownership, Fence = fence }, settings);
        }
        catch
        {
            if (manifests is not null) await manifests.DisposeAsync().ConfigureAwait(false);
            if (blocks is not null) await blocks.DisposeAsync().ConfigureAwait(false);
            if (keyring is not null) await keyring.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private FrameLog NewLog(Epoch epoch, LogName log, HybridClock clock, EpochFence fence) => new(
        settings.CreateLog(layout.Disk, layout.LogFolderOf(epoch, log), log == LogName.Blocks ? settings.BlockGeometry : settings.ManifestGeometry),
        epoch,
        clock,
        log == LogName.Blocks ? () => RequireOurs(fence) : fence.CheckAsync,
        settings.Time,
        StoreMetrics.ForLog(log == LogName.Blocks ? "blocks" : "manifest"));

    /// <summary>Blocks are named by nobody before a record is committed, and that commit waits for the copies of both.</summary>
    private static ValueTask RequireOurs(EpochFence fence)
    {
        fence.RequireOurs();
        return ValueTask.CompletedTask;
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

    /// <summary>Openings that were not finished: not those above this one, which may be alive and become current.</summary>
    private void RemoveUnfinished(ShardState raised)
    {
        foreach (Epoch other in layout.Epochs().Where(e => e.Value > raised.Current.Value && e.Value < raised.Raised.Value))
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

    /// <param name="Shard">What the log says.</param>
    /// <param name="Keys">The keys that it needs, in the folder of the new epoch.</param>
    private sealed record ReadShard(RecoveredShard Shard, Keyring Keys);
}
