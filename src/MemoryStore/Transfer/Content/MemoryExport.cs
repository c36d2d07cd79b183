using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>
/// One export: versions in ascending order, each after the blocks that it brings. Contents go out as they are stored, but where a rollback has
/// jumped back, the version after it brings an image: so a reader holds one manifest at a time.
/// </summary>
/// <param name="shard">Where the memory is.</param>
/// <param name="entry">The memory.</param>
/// <param name="state">What it was when the export began: that is what is exported.</param>
/// <param name="writer">Receives the records.</param>
/// <param name="progress">Told after each version.</param>
internal sealed class MemoryExport(Shard shard, MemoryEntry entry, MemoryState state, ArchiveWriter writer, IProgress<TransferProgress>? progress)
{
    private readonly MemoryUid _genesis = GenesisUid.Of(entry.Fingerprint);
    private readonly Dictionary<BlockId, StoredBlock> _blocks = state.Blocks.ToDictionary(b => b.Id);
    private readonly HashSet<BlockId> _sent = [];
    private VersionNumber? _previous;
    private VersionNumber? _held;

    /// <summary>Writes all records but the last.</summary>
    /// <param name="one">The one version to export; null = all.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    public async Task RunAsync(VersionState? one, CancellationToken cancellationToken)
    {
        Manifest genesis = await shard.Manifests.ReadGenesisAsync(entry.Fingerprint, cancellationToken).ConfigureAwait(false);
        int total = one is null ? state.Versions.Length : 1;
        var memory = new ArchivedMemory(
            state.Key,
            state.CreatedAt,
            state.Fingerprint,
            state.Metadata,
            genesis.Layers.Length,
            one is null ? ArchiveExtent.AllVersions : ArchiveExtent.OneVersion,
            (one ?? state.Versions[^1]).Version.Number,
            total);
        await writer.WriteAsync(ArchiveRecordKind.Memory, ArchiveCodec.Encode(memory), cancellationToken).ConfigureAwait(false);
        if (one is null) await WriteAllAsync(cancellationToken).ConfigureAwait(false);
        else await WriteOneAsync(one, cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        int gap = 0;
        for (int i = 0; i < state.Versions.Length; i++)
        {
            VersionState version = state.Versions[i];
            for (; gap < state.Gaps.Length && state.Gaps[gap].Last < version.Version.Number; gap++)
            {
                await writer.WriteAsync(ArchiveRecordKind.Gap, ArchiveCodec.Encode(state.Gaps[gap]), cancellationToken).ConfigureAwait(false);
            }

            await SendAsync(await ReadAsync(version, cancellationToken).ConfigureAwait(false), isPruned: false, cancellationToken).ConfigureAwait(false);
            Follow(version);
            progress?.Report(new TransferProgress(writer.Position, i + 1, state.Versions.Length));
        }

        foreach (Snapshot snapshot in state.Snapshots)
        {
            await writer.WriteAsync(ArchiveRecordKind.Snapshot, ArchiveCodec.Encode(snapshot), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Only the rows of that version, and nothing of any other.</summary>
    private async Task WriteOneAsync(VersionState version, CancellationToken cancellationToken)
    {
        string? text = await ReadTextAsync(version, cancellationToken).ConfigureAwait(false);
        Manifest manifest = await shard.Manifests.ReadAsync(entry, version, cancellationToken).ConfigureAwait(false);
        Manifest? image = version.Content == ContentKind.Genesis ? null : manifest.WithoutUnusedBlocks(spare: 0);
        await SendAsync(new ArchivedVersion(version.Version, [], image, null, text), isPruned: true, cancellationToken).ConfigureAwait(false);
        progress?.Report(new TransferProgress(writer.Position, 1, 1));
    }

    private async ValueTask<ArchivedVersion> ReadAsync(VersionState version, CancellationToken cancellationToken)
    {
        if (version.SameAs is VersionNumber sameAs) return new ArchivedVersion(version.Version, [], null, sameAs, null);
        if (version.Content == ContentKind.Genesis) return new ArchivedVersion(version.Version, [], null, null, null);
        VersionRecord record = (await shard.Manifests.ReadContentAsync(entry, version, cancellationToken).ConfigureAwait(false))!;
        bool isNext = _held is not null && _previous?.Next() == version.Version.Number;
        if (record.Image is not null || isNext) return new ArchivedVersion(version.Version, record.Deltas, record.Image, null, record.Text);
        Manifest image = await shard.Manifests.ReadAsync(entry, version, cancellationToken).ConfigureAwait(false);
        return new ArchivedVersion(version.Version, [], image, null, record.Text);
    }

    private async ValueTask<string?> ReadTextAsync(VersionState version, CancellationToken cancellationToken)
    {
        if (!version.Version.HasText) return null;
        return (await shard.Manifests.ReadContentAsync(entry, version, cancellationToken).ConfigureAwait(false))?.Text;
    }

    /// <summary>What the archive's reader holds after that version: its content, unless it repeats one that is no longer held.</summary>
    private void Follow(VersionState version)
    {
        _previous = version.Version.Number;
        if (version.SameAs is not VersionNumber target) _held = version.Version.Number;
        else if (target != _held) _held = null;
    }

    /// <param name="version">The version.</param>
    /// <param name="isPruned">True: its manifest names only blocks that it has rows of.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    private async Task SendAsync(ArchivedVersion version, bool isPruned, CancellationToken cancellationToken)
    {
        IEnumerable<BlockId> named = version.Image is Manifest image ? image.Blocks.Select(b => b.Id) : version.Deltas.Select(d => d.Block);
        foreach (BlockId block in named)
        {
            if (block.Owner == _genesis || !_sent.Add(block)) continue;

            // A block of which no row was left when the export began may be gone; its name stays in the table of blocks.
            if (_blocks.TryGetValue(block, out StoredBlock? stored)) await SendAsync(stored, cancellationToken).ConfigureAwait(false);
            else if (isPruned) throw Expired(block);
        }

        await writer.WriteAsync(ArchiveRecordKind.Version, ArchivedVersionCodec.Encode(version), cancellationToken).ConfigureAwait(false);
        if (entry.IsErased) throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {entry.Key} was erased while it was exported.");
    }

    private async Task SendAsync(StoredBlock block, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> begin = ArchiveCodec.Encode(new ArchivedBlock(block.Id, block.Slices.Length));
        await writer.WriteAsync(ArchiveRecordKind.Block, begin, cancellationToken).ConfigureAwait(false);
        foreach (StoredSlice stored in block.Slices)
        {
            BlockSlice slice = await ReadAsync(new SliceAddress(block.Id, stored.Layer, stored.Part), cancellationToken).ConfigureAwait(false);
            await writer.WriteAsync(ArchiveRecordKind.Slice, BlockSliceCodec.Encode(slice), cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return await shard.Blocks.ReadAsync(address, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException e) when (entry.FindBlock(address.Block) is null)
        {
            throw Expired(address.Block, e);
        }
    }

    private LatentDbException Expired(BlockId block, Exception? cause = null) =>
        new(ErrorCode.VersionExpired, $"Block {block} of {entry.Key} was dropped by retention while it was exported.", cause);
}
