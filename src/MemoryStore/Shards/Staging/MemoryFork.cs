using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;

namespace LatentDb.MemoryStore.Shards.Staging;

/// <summary>
/// Makes a memory whose first version has the content of another one's. Within a shard it names the same blocks, with their keys, and costs as
/// much as its manifest; into another shard the blocks are copied.
/// </summary>
internal sealed class MemoryFork(Shard from, MemoryEntry source, VersionState version, MemoryIntake intake)
{
    /// <exception cref="LatentDbException">memory_exists, memory_not_found when the source was erased meanwhile, data_damaged, and those of writing.</exception>
    public async Task<MemoryEntry> RunAsync(bool isSameShard, string? metadata, WriteOrigin origin, CancellationToken cancellationToken)
    {
        Manifest manifest = (await from.Manifests.ReadAsync(source, version, cancellationToken).ConfigureAwait(false)).WithoutUnusedBlocks(spare: 0);
        if (!isSameShard)
        {
            (manifest, ImmutableArray<StoredBlock> copies) = await CopyAsync(manifest, cancellationToken).ConfigureAwait(false);
            MemoryState copied = await StageAsync(manifest, copies, metadata, origin, cancellationToken).ConfigureAwait(false);
            return await intake.CommitAsync(copied, cancellationToken).ConfigureAwait(false);
        }

        // The turn of the new memory first, then the places: erasures and retention take them in that order too.
        using IDisposable turn = await from.Commit.EnterAsync(intake.Key, cancellationToken).ConfigureAwait(false);
        await from.PlacesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            MemoryState borrowing = await StageAsync(manifest, Borrow(manifest), metadata, origin, cancellationToken).ConfigureAwait(false);
            return await intake.CommitInTurnAsync(borrowing, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            from.PlacesGate.Release();
        }
    }

    private async Task<MemoryState> StageAsync(
        Manifest manifest, ImmutableArray<StoredBlock> blocks, string? metadata, WriteOrigin origin, CancellationToken cancellationToken)
    {
        if (source.IsErased) throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {source.Key} does not exist.");
        var first = new MemoryVersion(
            VersionNumber.First, null, VersionCause.Fork, null, default, source.Fingerprint, 0, 0, 0, manifest.Writes, 0, origin.OperationId)
        {
            Author = origin.Author,
            ForkedFrom = new ForkSource(source.Key, version.Version.Number),
        };
        RecordLocation content = await intake.StageContentAsync(new VersionRecord(first, [], manifest, null, [], null), cancellationToken).ConfigureAwait(false);
        return new MemoryState(
            intake.Uid, intake.Key, default, source.Fingerprint, metadata, [new VersionState(first, ContentKind.Image, null, content, 0)], [], [], blocks)
        {
            Keys = MemoryIntake.KeysOf(origin, WriteVerb.Fork),
        };
    }

    private ImmutableArray<StoredBlock> Borrow(Manifest manifest) => [.. manifest.Blocks.Where(b => !from.Index.Blocks.IsGenesis(b.Id)).Select(b => Require(b.Id))];

    private async Task<(Manifest Manifest, ImmutableArray<StoredBlock> Blocks)> CopyAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var table = ImmutableArray.CreateBuilder<ManifestBlock>(manifest.Blocks.Length);
        var copies = new List<BlockId>();
        foreach (ManifestBlock block in manifest.Blocks)
        {
            if (from.Index.Blocks.IsGenesis(block.Id))
            {
                table.Add(block);
                continue;
            }

            BlockId copy = intake.NextBlock();
            copies.Add(copy);
            table.Add(block with { Id = copy });
            foreach (StoredSlice slice in Require(block.Id).Slices)
            {
                BlockSlice read = await from.Blocks.ReadAsync(new SliceAddress(block.Id, slice.Layer, slice.Part), cancellationToken).ConfigureAwait(false);
                await intake.StageAsync(read with { Address = new SliceAddress(copy, slice.Layer, slice.Part) }, cancellationToken).ConfigureAwait(false);
            }
        }

        return (manifest with { Blocks = table.MoveToImmutable() }, intake.ToBlocks(copies));
    }

    private StoredBlock Require(BlockId id) =>
        source.FindBlock(id) ?? throw new LatentDbException(ErrorCode.DataDamaged, $"Version {version.Version.Number} of {source.Key} names block {id}, which the memory does not have.");
}
