using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;

namespace LatentDb.MemoryStore.Retention;

/// <summary>
/// Drops the expired versions of one memory by one record, and with them the blocks that no kept version names. Before that record the images that
/// kept versions need are staged; if the power goes before it, they are garbage and nothing has changed.
/// </summary>
internal sealed class VersionPruner(Shard shard)
{
    /// <summary>Fewer expired versions than this share of a memory's versions wait for the next pass, unless asked for: each drop writes images.</summary>
    private const int WorthwhileShare = 8;

    /// <returns>Versions and blocks that were dropped.</returns>
    public async Task<(int Versions, int Blocks)> PruneAsync(
        MemoryRef memory, RetentionPolicy policy, HybridTimestamp now, bool isThorough, CancellationToken cancellationToken)
    {
        if (policy.IsForever) return (0, 0);
        MemoryEntry? entry = await shard.Memories.FindAsync(memory, cancellationToken).ConfigureAwait(false);
        if (entry is null || !IsWorthwhile(entry.ToState(), policy, now, isThorough)) return (0, 0);
        using IDisposable gate = await shard.Commit.EnterAsync(memory.Key, cancellationToken).ConfigureAwait(false);
        await shard.PlacesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return entry.IsErased ? (0, 0) : await DropAsync(entry, policy, now, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            shard.PlacesGate.Release();
        }
    }

    private static bool IsWorthwhile(MemoryState state, RetentionPolicy policy, HybridTimestamp now, bool isThorough)
    {
        int expired = RetentionRule.Expired(state, policy, now).Count;
        return expired > 0 && (isThorough || expired * WorthwhileShare >= state.Versions.Length);
    }

    private async Task<(int Versions, int Blocks)> DropAsync(MemoryEntry entry, RetentionPolicy policy, HybridTimestamp now, CancellationToken cancellationToken)
    {
        MemoryState state = entry.ToState();
        IReadOnlySet<VersionNumber> expired = RetentionRule.Expired(state, policy, now);
        if (expired.Count == 0) return (0, 0);
        using IDisposable held = shard.Stagings.Begin(shard.ManifestLog.TailAddress, shard.BlockLog.TailAddress);
        var images = ImmutableArray.CreateBuilder<VersionPlace>();
        foreach (VersionState version in RetentionRule.Uprooted(state, expired))
        {
            images.Add(new VersionPlace(version.Version.Number, await StageImageAsync(entry, version, cancellationToken).ConfigureAwait(false)));
        }

        HashSet<BlockId> named = await NamedAsync(entry, state.Versions.Where(v => !expired.Contains(v.Version.Number)), cancellationToken).ConfigureAwait(false);
        ImmutableArray<BlockId> dead = [.. state.Blocks.Select(b => b.Id).Where(id => !named.Contains(id))];
        var record = new VersionsDroppedRecord(RetentionRule.Gaps(state, expired), images.ToImmutable(), dead);
        await shard.Writer.ChangeAsync(entry.Uid, record).ConfigureAwait(false);
        GC.KeepAlive(entry);
        return (expired.Count, dead.Length);
    }

    private async Task<RecordLocation> StageImageAsync(MemoryEntry entry, VersionState version, CancellationToken cancellationToken)
    {
        Manifest manifest = await shard.Manifests.ReadAsync(entry, version, cancellationToken).ConfigureAwait(false);
        string? text = version.Version.HasText ? (await shard.Manifests.ReadContentAsync(entry, version, cancellationToken).ConfigureAwait(false))?.Text : null;
        return await shard.Writer.StageContentAsync(entry.Uid, new VersionRecord(version.Version, [], manifest, null, [], text)).ConfigureAwait(false);
    }

    /// <summary>Blocks that some kept version names.</summary>
    private async Task<HashSet<BlockId>> NamedAsync(MemoryEntry entry, IEnumerable<VersionState> kept, CancellationToken cancellationToken)
    {
        var named = new HashSet<BlockId>();
        foreach (VersionState version in kept)
        {
            Manifest manifest = await shard.Manifests.ReadAsync(entry, version, cancellationToken).ConfigureAwait(false);
            bool[] used = manifest.UsedBlocks();
            for (int i = 0; i < used.Length; i++)
            {
                if (used[i]) named.Add(manifest.Blocks[i].Id);
            }
        }

        return named;
    }
}
