using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Time;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>Rebuilds the index from the manifest logs: from the newest checkpoint, or, to check that one, from the very beginning.</summary>
internal sealed partial class EpochReplay(ShardLayout layout, EpochSet epochs, ILogger logger)
{
    private readonly ShardIndex _index = new();
    private HybridTimestamp _highMark;
    private long _frames;
    private long _bytes;

    /// <exception cref="LatentDbException">data_damaged, unsupported_format: the shard must not be opened.</exception>
    public async Task<RecoveredShard> RunAsync(Epoch current, bool useCheckpoints, CancellationToken cancellationToken)
    {
        CommitSlotReading newest = CommitSlots.Read(layout.Disk, LogFolder.CommitPath(layout.ManifestFolder(current)));
        EpochOpenedRecord opened = await ReadOpenedAsync(current, newest.Newest, cancellationToken).ConfigureAwait(false);
        foreach (EpochSeal seal in opened.Before) CheckSealed(seal);

        // Walk back to the newest checkpoint, then replay forward from it.
        var start = new Stack<(Epoch Epoch, LogSeal Seal, CheckpointMark Mark)>();
        (LogSeal Seal, CheckpointMark Checkpoint) own = LogCookie.Read(newest.Newest);
        start.Push((current, own.Seal, own.Checkpoint));
        for (int i = opened.Before.Length - 1; i >= 0 && !(useCheckpoints && start.Peek().Mark.Address > 0); i--)
        {
            EpochSeal seal = opened.Before[i];
            CommitSlotReading reading = CommitSlots.Read(layout.Disk, LogFolder.CommitPath(layout.ManifestFolder(seal.Epoch)));
            start.Push((seal.Epoch, seal.Manifest, LogCookie.Read(reading.Newest).Checkpoint));
        }

        LogSeal end = own.Seal;
        while (start.TryPop(out (Epoch Epoch, LogSeal Seal, CheckpointMark Mark) next))
        {
            LogReplay replay = Begin(next.Epoch, useCheckpoints ? next.Mark : default);
            await replay.ReadCommittedAsync(next.Seal, Apply, cancellationToken).ConfigureAwait(false);

            // Also when both slots verify: the newer one may be from before a write that the disk lost.
            if (next.Epoch == current) end = await RollForwardAsync(replay, current, cancellationToken).ConfigureAwait(false);
        }

        CommitSlotReading blocks = CommitSlots.Read(layout.Disk, LogFolder.CommitPath(layout.BlocksFolder(current)));
        var last = new EpochSeal(current, end, LogCookie.Read(blocks.Newest).Seal);
        return new RecoveredShard(_index, opened.Before.Add(last), _highMark, _frames, _bytes);
    }

    private LogReplay Begin(Epoch epoch, CheckpointMark mark)
    {
        SegmentReader log = epochs.Get(epoch).Manifest;
        return mark.Address > 0 ? new LogReplay(log, epoch, mark.Address, mark.Sequence - 1, mark.Chain) : LogReplay.FromStart(log, epoch);
    }

    private async Task<LogSeal> RollForwardAsync(LogReplay replay, Epoch epoch, CancellationToken cancellationToken)
    {
        LogSeal before = replay.Seal;
        await replay.RollForwardAsync(Apply, cancellationToken).ConfigureAwait(false);
        if (replay.Seal.Sequence == before.Sequence) return before;
        LogFolder.WriteAgain(layout.Disk, layout.ManifestFolder(epoch), epochs.Get(epoch).Manifest.Geometry, before.Address, replay.Seal.Address);
        LogRolledForward(logger, epoch, replay.Seal.Sequence - before.Sequence);
        return replay.Seal;
    }

    /// <summary>The first frame of an epoch; without it the epoch is not the current one.</summary>
    private async Task<EpochOpenedRecord> ReadOpenedAsync(Epoch epoch, CommitSlot slot, CancellationToken cancellationToken)
    {
        EpochOpenedRecord? opened = null;
        var seal = LogCookie.Read(slot).Seal;
        if (seal.Sequence > 0)
        {
            LogReplay replay = LogReplay.FromStart(epochs.Get(epoch).Manifest, epoch);
            ReplayedRecord? first = await replay.ReadFirstAsync(seal.Address, cancellationToken).ConfigureAwait(false);
            if (first is not null) opened = Decode(first) as EpochOpenedRecord;
        }

        return opened ?? throw new LatentDbException(ErrorCode.DataDamaged, $"The manifest log of epoch {epoch} does not begin with its opening record.");
    }

    /// <summary>A sealed log can have lost its end only through damage; its frames are verified when they are read.</summary>
    private void CheckSealed(EpochSeal seal)
    {
        CheckLength(layout.ManifestFolder(seal.Epoch), seal.Manifest, epochs.Get(seal.Epoch).Manifest.Geometry, seal.Epoch);
        CheckLength(layout.BlocksFolder(seal.Epoch), seal.Blocks, epochs.Get(seal.Epoch).Blocks.Geometry, seal.Epoch);
    }

    private void CheckLength(string folder, LogSeal seal, LogGeometry geometry, Epoch epoch)
    {
        if (seal.Sequence == 0) return;
        long length = layout.Disk.LengthOf(LogFolder.SegmentPath(folder, (int)((seal.Address - 1) / geometry.SegmentBytes)));
        if (length >= ((seal.Address - 1) % geometry.SegmentBytes) + 1) return;
        throw new LatentDbException(ErrorCode.DataDamaged, $"The {Path.GetFileName(folder)} log of epoch {epoch} ends before its seal at address {seal.Address}.");
    }

    private void Apply(ReplayedRecord record)
    {
        if (record.Header.Time <= _highMark) throw new LatentDbException(ErrorCode.DataDamaged, $"Frame {record.Header.Sequence} of epoch {record.Header.Epoch} is not later than the one before.");
        _highMark = record.Header.Time;
        _frames += record.Location.Addresses.Length;
        _bytes += record.Location.Bytes;
        if (record.Header.Flags.HasFlag(FrameFlags.Copied)) return;
        ShardRecord decoded = Decode(record);
        if (decoded is CheckpointRecord) (_frames, _bytes) = (0, 0);
        _index.Apply(record.Header, decoded, record.Location);
    }

    private static ShardRecord Decode(ReplayedRecord record)
    {
        try
        {
            return RecordCodec.Decode(record.Header, record.OperationId, record.Payload.Span);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(record.Location.Epoch, record.Location.Addresses[0], e);
        }
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Epoch {Epoch} had {Frames} whole frames past its newest commit record; they are kept.")]
    private static partial void LogRolledForward(ILogger logger, Epoch epoch, long frames);
}
