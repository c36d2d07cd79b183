using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>What the earlier epochs of a shard say.</summary>
/// <param name="Index">Every committed record, applied.</param>
/// <param name="Epochs">The epochs that hold it, oldest first, with their ends.</param>
/// <param name="HighMark">The newest stamp.</param>
/// <param name="ReplayedFrames">Frames read since the newest checkpoint.</param>
/// <param name="ReplayedBytes">Their payload bytes.</param>
internal sealed record RecoveredShard(
    ShardIndex Index, ImmutableArray<EpochSeal> Epochs, HybridTimestamp HighMark, long ReplayedFrames, long ReplayedBytes)
{
    public static RecoveredShard Empty() => new(new ShardIndex(), [], default, 0, 0);

    /// <summary>Bytes in each epoch that some version, genesis or block refers to.</summary>
    public IReadOnlyDictionary<Epoch, long> LiveBytes()
    {
        var live = new Dictionary<Epoch, long>();
        CheckpointRecord state = Index.ToCheckpoint();
        foreach (GenesisState genesis in state.Genesis)
        {
            Count(genesis.Location);
            CountBlocks(genesis.Blocks);
        }

        foreach (MemoryState memory in state.Memories)
        {
            foreach (VersionState version in memory.Versions) Count(version.Location);
            CountBlocks(memory.Blocks);
        }

        return live;

        void CountBlocks(ImmutableArray<StoredBlock> blocks)
        {
            foreach (StoredBlock block in blocks)
            {
                foreach (StoredSlice slice in block.Slices) Count(slice.Location);
            }
        }

        void Count(RecordLocation? location)
        {
            if (location is not null) live[location.Epoch] = live.GetValueOrDefault(location.Epoch) + location.Bytes;
        }
    }
}
