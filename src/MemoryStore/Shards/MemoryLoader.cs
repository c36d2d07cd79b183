using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.MemoryStore.Telemetry;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Brings memories into RAM.</summary>
internal sealed class MemoryLoader(ShardIndex index, ShardRecords records, ShardOwnership? ownership = null)
{
    /// <returns>Null when there is no memory of that name.</returns>
    /// <exception cref="LatentDbException">data_damaged.</exception>
    public async ValueTask<MemoryEntry?> FindAsync(MemoryKey key, CancellationToken cancellationToken) =>
        index.Directory.Find(key) is MemoryRef memory ? await FindAsync(memory, cancellationToken).ConfigureAwait(false) : null;

    /// <returns>Null when the memory was erased.</returns>
    /// <exception cref="LatentDbException">data_damaged.</exception>
    public async ValueTask<MemoryEntry?> FindAsync(MemoryRef memory, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (index.Loaded(memory) is MemoryEntry entry) return entry;
            RecordLocation? at = memory.State;
            if (at is null || index.Find(memory.Uid) != memory) return null;
            try
            {
                MemoryState state = await ReadStateAsync(memory, at, cancellationToken).ConfigureAwait(false);
                if (index.Install(memory, at, state) is MemoryEntry installed) return installed;
            }
            catch (SegmentMissingException) when (memory.State != at)
            {
                // Moved by a checkpoint while it was read.
            }
            catch (LatentDbException e) when (e.Code == ErrorCode.MemoryNotFound)
            {
                return null;
            }
            catch (LatentDbException e) when (e.IsUnreadable() && !at.IsNowhere)
            {
                ownership?.Require();
                StoreMetrics.DamageFound("state");
                throw DamageWords.OfState(memory.Key, at, e);
            }
        }
    }

    /// <summary>A stored state of a memory.</summary>
    /// <exception cref="LatentDbException">data_damaged; memory_not_found when it was erased.</exception>
    public async ValueTask<MemoryState> ReadStateAsync(MemoryRef memory, RecordLocation at, CancellationToken cancellationToken)
    {
        if (at.IsNowhere) throw DamageWords.OfLostState(memory.Key);
        var record = (MemoryStateRecord)await records.ReadAsync(at, FrameKind.MemoryState, memory.Uid, cancellationToken).ConfigureAwait(false);
        if (record.State.Uid == memory.Uid && record.State.Key == memory.Key) return record.State;
        throw new LatentDbException(ErrorCode.DataDamaged, $"The state of {record.State.Key} stands where that of {memory.Key} must.");
    }
}
