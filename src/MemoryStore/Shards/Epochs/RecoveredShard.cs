using System.Collections.Immutable;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>What the earlier epochs of a shard say.</summary>
/// <param name="Index">The newest checkpoint, with every committed record after it applied.</param>
/// <param name="Epochs">The epochs that may hold live records, oldest first, with their ends.</param>
/// <param name="HighMark">The newest stamp.</param>
/// <param name="ReplayedFrames">Frames read.</param>
internal sealed record RecoveredShard(ShardIndex Index, ImmutableArray<EpochSeal> Epochs, HybridTimestamp HighMark, long ReplayedFrames)
{
    public static RecoveredShard Empty() => new(new ShardIndex(), [], default, 0);
}
