using System.Collections.Immutable;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>Counts the live bytes of every segment from the memories themselves.</summary>
internal static class UsageCount
{
    /// <summary>Loads every memory of the shard once. Exact while no record is being applied.</summary>
    /// <exception cref="Errors.LatentDbException">data_damaged: some memory cannot be read, so nothing can be said about the segments it needs.</exception>
    public static async Task<ImmutableArray<SegmentUsage>> CountAsync(ShardIndex index, MemoryLoader memories, CancellationToken cancellationToken)
    {
        var table = new SegmentUsageTable { SegmentBytes = index.Usage.SegmentBytes };
        foreach (GenesisState genesis in index.Genesis)
        {
            table.Add(genesis.Location, LogName.Manifest);
            foreach (StoredBlock block in genesis.Blocks) table.Add(block);
        }

        foreach (RecordLocation page in index.Pages.Places) table.Add(page, LogName.Manifest);
        foreach (MemoryRef memory in index.Directory.All())
        {
            table.Add(memory.State, LogName.Manifest);
            if (await memories.FindAsync(memory, cancellationToken).ConfigureAwait(false) is MemoryEntry entry) table.Add(entry.ToState());
        }

        return table.ToArray();
    }
}
