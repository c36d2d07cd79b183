using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;

namespace LatentDb.MemoryStore.Shards.Damages;

/// <summary>Which versions cannot be read without a record or a slice. Only asked when something is damaged.</summary>
internal sealed class DependentVersions(ShardIndex index, MemoryLoader memories, ManifestReader manifests)
{
    /// <summary>Versions whose manifest is built from the record of <paramref name="content"/>.</summary>
    public static ImmutableArray<VersionSpan> OfContent(MemoryState state, VersionNumber content)
    {
        var broken = new HashSet<VersionNumber>();
        var spans = ImmutableArray.CreateBuilder<VersionSpan>();
        foreach (VersionState version in state.Versions)
        {
            VersionNumber? from = version.Content switch
            {
                ContentKind.SameAs => version.SameAs,
                ContentKind.Deltas => version.Version.Parent,
                _ => null,
            };
            if (version.Version.Number != content && !(from is VersionNumber source && broken.Contains(source))) continue;
            broken.Add(version.Version.Number);
            spans.Append(version.Version.Number);
        }

        return spans.ToImmutable();
    }

    /// <summary>The memories and versions that name rows of that slice. Looks at the newest versions of a long history only.</summary>
    public async ValueTask<ImmutableArray<MemoryNeed>> OfSliceAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        var needs = ImmutableArray.CreateBuilder<MemoryNeed>();
        foreach (MemoryRef holder in Holders(address.Block))
        {
            try
            {
                if (await memories.FindAsync(holder, cancellationToken).ConfigureAwait(false) is not MemoryEntry entry) continue;
                ImmutableArray<VersionSpan> versions = await OfSliceAsync(entry, address, cancellationToken).ConfigureAwait(false);
                if (!versions.IsEmpty) needs.Add(new MemoryNeed(holder.Key, versions));
            }
            catch (LatentDbException e) when (e.IsUnreadable())
            {
                // Its versions are not known, and it tells of its own damage when it is opened.
            }
        }

        return needs.ToImmutable();
    }

    /// <summary>The writer of a block, while it is there, and the forks that may name it.</summary>
    public IEnumerable<MemoryRef> Holders(BlockId block)
    {
        if (index.Find(block.Owner) is MemoryRef owner) yield return owner;
        foreach (MemoryRef borrower in index.BorrowersOf(block.Owner)) yield return borrower;
    }

    private async ValueTask<ImmutableArray<VersionSpan>> OfSliceAsync(MemoryEntry entry, SliceAddress address, CancellationToken cancellationToken)
    {
        if (entry.FindBlock(address.Block) is null) return [];
        ImmutableArray<VersionState> versions = entry.ToState().Versions;
        var spans = ImmutableArray.CreateBuilder<VersionSpan>();
        foreach (VersionState version in versions.AsSpan()[Math.Max(0, versions.Length - StoreLimits.MaxVersionsExplained)..].ToArray())
        {
            try
            {
                Manifest manifest = await manifests.ReadAsync(entry, version, cancellationToken).ConfigureAwait(false);
                if (manifest.Names(address)) spans.Append(version.Version.Number);
            }
            catch (LatentDbException e) when (e.IsUnreadable() || e.Code == ErrorCode.VersionExpired)
            {
                // That version has a damage of its own, or is gone.
            }
        }

        return spans.ToImmutable();
    }
}

/// <summary>Versions of a memory that need something.</summary>
internal sealed record MemoryNeed(MemoryKey Memory, ImmutableArray<VersionSpan> Versions)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Versions.Words()} of {Memory}";
}
