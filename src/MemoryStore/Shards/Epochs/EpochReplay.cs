using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Time;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>
/// Rebuilds the index from the current epoch's manifest log: the newest checkpoint, then the records after it. An epoch begins with a checkpoint, so
/// earlier logs are read only for what the checkpoint names.
/// </summary>
internal sealed partial class EpochReplay
{
    private readonly ShardLayout _layout;
    private readonly EpochSet _epochs;
    private readonly ShardKeys _keys;
    private readonly ShardRecords _records;
    private readonly ILogger _logger;
    private readonly ShardIndex _index;
    private readonly MemoryLoader _loader;
    private ImmutableArray<EpochSeal>? _before;
    private HybridTimestamp _highMark;
    private long _frames;

    public EpochReplay(ShardLayout layout, EpochSet epochs, ShardKeys keys, ShardIndex index, ILogger logger)
    {
        _layout = layout;
        _epochs = epochs;
        _keys = keys;
        _records = new ShardRecords(epochs, keys);
        _logger = logger;
        _index = index;
        _loader = new MemoryLoader(index, _records);
    }

    /// <exception cref="LatentDbException">data_damaged, unsupported_format: the shard must not be opened.</exception>
    public async Task<RecoveredShard> RunAsync(Epoch current, CancellationToken cancellationToken)
    {
        CommitSlotReading newest = CommitSlots.Read(_layout.Disk, LogFolder.CommitPath(_layout.ManifestFolder(current)));
        (LogSeal seal, CheckpointMark mark) = LogCookie.Read(newest.Newest);
        if (mark.Address == 0) throw new LatentDbException(ErrorCode.DataDamaged, $"The manifest log of epoch {current} has no checkpoint.");
        var start = new LogSeal(mark.Address, mark.Sequence - 1, mark.Chain);
        var replay = new LogReplay(_epochs.Get(current).Manifest, current, start, KeyOf);
        await replay.ReadCommittedAsync(seal, record => ApplyAsync(record, cancellationToken), cancellationToken).ConfigureAwait(false);
        await RollForwardAsync(replay, current, cancellationToken).ConfigureAwait(false);
        if (_index.IsUsageUncertain) await RecountAsync(cancellationToken).ConfigureAwait(false);
        await CountUncountedAsync(cancellationToken).ConfigureAwait(false);
        var last = new EpochSeal(current, replay.Seal, ReadBlockSeal(current));
        return new RecoveredShard(_index, _before!.Value.Add(last), _highMark, _frames);
    }

    /// <summary>While a memory is damaged nobody knows what it needs; then the count stays as it is, which is too high and lets nothing be deleted.</summary>
    private async ValueTask RecountAsync(CancellationToken cancellationToken)
    {
        try
        {
            _index.Recounted(await UsageCount.CountAsync(_index, _loader, cancellationToken).ConfigureAwait(false));
        }
        catch (LatentDbException e) when (e.IsDamage())
        {
            LogNotCounted(_logger, e);
        }
    }

    /// <summary>
    /// Programs before the bytes of memories were kept in the directory left them out; then each is read once, and the next pages say it. A memory that
    /// is damaged counts for nothing until it is restored or erased.
    /// </summary>
    private async ValueTask CountUncountedAsync(CancellationToken cancellationToken)
    {
        foreach (MemoryRef memory in _index.Directory.All().Where(m => m.Bytes == MemoryRef.UnknownBytes))
        {
            try
            {
                if (await _loader.FindAsync(memory, cancellationToken).ConfigureAwait(false) is MemoryEntry entry) _index.Note(entry);
                _index.Pages.WantRewrite();
            }
            catch (LatentDbException e) when (e.IsDamage())
            {
                LogUncounted(_logger, e, memory.Key);
            }
        }
    }

    /// <summary>Only checked by scrubs: every slice is verified against the version that names it. All zeros when it is not known.</summary>
    private LogSeal ReadBlockSeal(Epoch epoch)
    {
        try
        {
            return LogCookie.Read(CommitSlots.Read(_layout.Disk, LogFolder.CommitPath(_layout.BlocksFolder(epoch))).Newest).Seal;
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
        {
            LogNoBlockSeal(_logger, e, epoch);
            return default;
        }
    }

    /// <summary>Also when both commit slots verify: the newer one may be from before a write that the disk lost.</summary>
    private async Task RollForwardAsync(LogReplay replay, Epoch epoch, CancellationToken cancellationToken)
    {
        LogSeal before = replay.Seal;
        await replay.RollForwardAsync(record => ApplyAsync(record, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (replay.Seal.Sequence == before.Sequence) return;
        LogFolder.WriteAgain(_layout.Disk, _layout.ManifestFolder(epoch), _epochs.Get(epoch).Manifest.Geometry, before.Address, replay.Seal.Address);
        LogRolledForward(_logger, epoch, replay.Seal.Sequence - before.Sequence);
    }

    /// <summary>Null for frames that are not applied: content for others to name, and what an erased memory left behind.</summary>
    private FrameKey? KeyOf(FrameHeader header)
    {
        if (header.Kind is FrameKind.MemoryState or FrameKind.DirectoryPage || _keys.IsErased(header.Kind, header.Memory)) return null;
        return _keys.For(header.Kind, header.Memory, _epochs.Get(header.Epoch).ManifestCipher);
    }

    private async ValueTask ApplyAsync(ReplayedRecord record, CancellationToken cancellationToken)
    {
        if (record.Header.Time <= _highMark) throw new LatentDbException(ErrorCode.DataDamaged, $"Frame {record.Header.Sequence} of epoch {record.Header.Epoch} is not later than the one before.");
        _highMark = record.Header.Time;
        _frames += record.Location.Addresses.Length;
        if (record.Payload is not ReadOnlyMemory<byte> payload) return;
        ShardRecord decoded = Decode(record, payload);
        if (_before is null)
        {
            await LoadAsync(decoded, record, cancellationToken).ConfigureAwait(false);
            return;
        }

        List<MemoryEntry> held = await LoadEntriesAsync(record.Header.Memory, decoded, cancellationToken).ConfigureAwait(false);
        bool isOfLost = decoded is not MemoryErasedRecord && _index.Find(record.Header.Memory)?.State is { IsNowhere: true };
        if (!isOfLost) _index.Apply(record.Header, decoded, record.Location);
        GC.KeepAlive(held);
    }

    private async ValueTask LoadAsync(ShardRecord first, ReplayedRecord record, CancellationToken cancellationToken)
    {
        if (first is not CheckpointRecord checkpoint) throw new LatentDbException(ErrorCode.DataDamaged, $"A {first.Kind} record stands where a checkpoint must, in epoch {record.Header.Epoch}.");
        _before = checkpoint.Before;
        var pages = new List<DirectoryPageRecord>(checkpoint.Pages.Length);
        foreach (RecordLocation place in checkpoint.Pages)
        {
            pages.Add((DirectoryPageRecord)await _records.ReadAsync(place, FrameKind.DirectoryPage, ShardKeys.ShardUid, cancellationToken).ConfigureAwait(false));
        }

        _index.Load(checkpoint, pages);
    }

    /// <summary>The memories that a record changes must be in RAM before it is applied.</summary>
    private async ValueTask<List<MemoryEntry>> LoadEntriesAsync(MemoryUid memory, ShardRecord record, CancellationToken cancellationToken)
    {
        var held = new List<MemoryEntry>();
        IEnumerable<MemoryUid> changed = record switch
        {
            RelocatedRecord relocated => relocated.Memories.Select(m => m.Memory),
            VersionRecord or SnapshotCreatedRecord or SnapshotDeletedRecord or VersionsDroppedRecord or MemoryErasedRecord
                or OperationAcceptedRecord or OperationEndedRecord => [memory],
            _ => [],
        };
        foreach (MemoryUid uid in changed)
        {
            if (_index.Find(uid) is not MemoryRef found || found.State is { IsNowhere: true }) continue;
            if (await TryLoadAsync(found, record.Kind, cancellationToken).ConfigureAwait(false) is MemoryEntry entry) held.Add(entry);
        }

        return held;
    }

    /// <summary>A memory whose state is damaged does not keep the others from being served; that it moved changes nothing for it.</summary>
    private async ValueTask<MemoryEntry?> TryLoadAsync(MemoryRef memory, FrameKind change, CancellationToken cancellationToken)
    {
        try
        {
            return await _loader.FindAsync(memory, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException e) when (e.IsDamage())
        {
            if (change is not (FrameKind.Relocated or FrameKind.MemoryErased))
            {
                LogLost(_logger, e, memory.Key);
                _index.Lose(memory);
            }

            return null;
        }
    }

    private static ShardRecord Decode(ReplayedRecord record, ReadOnlyMemory<byte> payload)
    {
        try
        {
            return RecordCodec.Decode(record.Header, payload.Span);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(record.Location.Epoch, record.Location.Addresses[0], e);
        }
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Epoch {Epoch} had {Frames} whole frames past its newest commit record; they are kept.")]
    private static partial void LogRolledForward(ILogger logger, Epoch epoch, long frames);

    [LoggerMessage(EventId = 105, Level = LogLevel.Error, Message = "The state of memory {Memory} is damaged, and changes of it lie in the log: the memory is lost until it is restored or erased.")]
    private static partial void LogLost(ILogger logger, Exception cause, MemoryKey memory);

    [LoggerMessage(EventId = 107, Level = LogLevel.Warning, Message = "Live bytes could not be counted anew, because a memory is damaged; compaction keeps what it needs until it is restored or erased.")]
    private static partial void LogNotCounted(ILogger logger, Exception cause);

    [LoggerMessage(EventId = 108, Level = LogLevel.Warning, Message = "The bytes of memory {Memory} are not counted, because it is damaged.")]
    private static partial void LogUncounted(ILogger logger, Exception cause, MemoryKey memory);

    [LoggerMessage(EventId = 106, Level = LogLevel.Warning, Message = "The commit record of the block log of epoch {Epoch} is damaged; its blocks are read all the same.")]
    private static partial void LogNoBlockSeal(ILogger logger, Exception cause, Epoch epoch);
}
