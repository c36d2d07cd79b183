using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Staging;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Transfer.Content;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer;

/// <summary>Makes a memory from an archive, under any free name: all of it or nothing.</summary>
public sealed class MemoryImporter
{
    private readonly Func<ShardSet> _shards;
    private readonly MemoryCatalog _catalog;

    /// <param name="shards">The open shards; throws while the store is not open.</param>
    /// <param name="catalog">The memories of these shards.</param>
    internal MemoryImporter(Func<ShardSet> shards, MemoryCatalog catalog)
    {
        _shards = shards;
        _catalog = catalog;
    }

    /// <summary>
    /// Reads an archive to its end, verifies all of it, and then makes the memory visible by one record. Until then, and when anything fails, nobody
    /// sees anything of it; what was staged is garbage. Durable when the task ends.
    /// </summary>
    /// <remarks>
    /// An archive of all versions gives the same versions: numbers, times, causes, operation ids, texts, snapshots, every bit of every row; only
    /// blocks have other names inside. An archive of one version gives a new memory that begins with it (cause import, at the time of the import).
    /// </remarks>
    /// <param name="source">Need not be able to seek; is read to its end; stays the caller's.</param>
    /// <param name="target">The new memory's name; need not be the one that was exported.</param>
    /// <param name="options">What opens the archive.</param>
    /// <param name="progress">Told after each record.</param>
    /// <param name="cancellationToken">Without effect once the memory is being made visible.</param>
    /// <exception cref="LatentDbException">
    /// archive_invalid; memory_exists; model_mismatch when the store has no genesis of the archive's model; invalid_request when the passphrase or key is
    /// not what the archive needs; store_full, store_unavailable, key_unavailable, stale_owner.
    /// </exception>
    public async Task<MemorySummary> ImportAsync(
        Stream source, MemoryKey target, ImportOptions options, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        WriteRules.CheckMetadata(target, options.ForkMetadata, StoreLimits.MaxMetadataBytes);
        ShardSet shards = _shards();
        Shard shard = shards.ShardOf(target);
        if (shard.Index.Directory.Find(target) is not null) throw new LatentDbException(ErrorCode.MemoryExists, $"Memory {target} exists already.");
        using ArchiveReader reader = await ArchiveReader.BeginAsync(source, cancellationToken).ConfigureAwait(false);

        // Stretching a passphrase takes half a second of one core, or as much as the archive asks: not on the caller's thread.
        ArchiveCipher? cipher = await Task.Run(() => ArchiveLocks.Open(reader.Header.Protection, options), cancellationToken).ConfigureAwait(false);
        if (cipher is not null) reader.Unlock(cipher);
        ArchivedMemory memory = await ArchiveContents.ReadMemoryAsync(reader, cancellationToken).ConfigureAwait(false);
        ImportModel model = await ReadModelAsync(shards, shard, target, memory, cancellationToken).ConfigureAwait(false);
        MemoryIntake intake = await MemoryIntake.BeginAsync(shard, target, cancellationToken).ConfigureAwait(false);
        await using (intake.ConfigureAwait(false))
        {
            var import = new MemoryImport(intake, memory, options);
            var contents = new ArchiveContents(reader, memory, model, BoundsOf(shards), import);
            await contents.ReadAllAsync(progress, cancellationToken).ConfigureAwait(false);
            MemoryEntry entry = await intake.CommitAsync(import.ToState(contents.Versions), cancellationToken).ConfigureAwait(false);
            return MemoryTimeline.Summarise(entry);
        }
    }

    private static ImportBounds BoundsOf(ShardSet shards)
    {
        long now = shards.Settings.Time.GetUtcNow().UtcTicks;
        return new ImportBounds(new HybridTimestamp(now), new HybridTimestamp(now + TransferLimits.MaxClockLead.Ticks), shards.Settings.WritesBetweenImages);
    }

    private async Task<ImportModel> ReadModelAsync(ShardSet shards, Shard shard, MemoryKey target, ArchivedMemory memory, CancellationToken cancellationToken)
    {
        if (shard.Index.FindGenesis(memory.Fingerprint) is null)
        {
            Shard other = shards.Shards.FirstOrDefault(s => s.Index.FindGenesis(memory.Fingerprint) is not null)
                ?? throw new LatentDbException(ErrorCode.ModelMismatch, $"The archive needs model {memory.Fingerprint.Short}, of which this store holds nothing.");
            await _catalog.EnsureGenesisAsync(target, memory.Fingerprint, (sink, token) => CopyGenesisAsync(other, memory.Fingerprint, sink, token), cancellationToken)
                .ConfigureAwait(false);
        }

        GenesisState genesis = shard.Index.FindGenesis(memory.Fingerprint)!;
        Manifest manifest = await shard.Manifests.ReadGenesisAsync(memory.Fingerprint, cancellationToken).ConfigureAwait(false);
        if (manifest.Layers.Length != memory.Layers) throw ArchiveErrors.Invalid($"is of a model of {memory.Layers} layers; {memory.Fingerprint.Short} has {manifest.Layers.Length}");
        var shapes = new Dictionary<SlicePart, SliceShape>();
        foreach (StoredBlock block in genesis.Blocks)
        {
            foreach (StoredSlice slice in block.Slices.Where(s => s.Layer == 0 && !shapes.ContainsKey(s.Part)))
            {
                shapes.Add(slice.Part, SliceShape.Of(await shard.Blocks.ReadAsync(new SliceAddress(block.Id, 0, slice.Part), cancellationToken).ConfigureAwait(false)));
            }
        }

        return new ImportModel(manifest, GenesisUid.Of(memory.Fingerprint), shapes);
    }

    /// <summary>A model's genesis is the same in every shard, names included.</summary>
    private static async Task<Manifest> CopyGenesisAsync(Shard from, ModelFingerprint fingerprint, IBlockSink sink, CancellationToken cancellationToken)
    {
        GenesisRecord genesis = await from.Manifests.ReadGenesisRecordAsync(fingerprint, cancellationToken).ConfigureAwait(false);
        foreach (StoredBlock block in genesis.Blocks.OrderBy(b => b.Id.Sequence))
        {
            BlockId id = sink.NextBlock();
            if (id != block.Id) throw new LatentDbException(ErrorCode.Internal, $"Block {block.Id} of the genesis would be copied as {id}.");
            foreach (StoredSlice slice in block.Slices)
            {
                BlockSlice read = await from.Blocks.ReadAsync(new SliceAddress(id, slice.Layer, slice.Part), cancellationToken).ConfigureAwait(false);
                await sink.StageAsync(read, cancellationToken).ConfigureAwait(false);
            }
        }

        return genesis.Manifest;
    }
}
