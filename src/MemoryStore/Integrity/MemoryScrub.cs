using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>
/// One memory as a reader needs it, but past all caches: its state record, the record of every version, its manifest rebuilt, and every slice of
/// every block decrypted and compared with what its version vouches for.
/// </summary>
internal sealed class MemoryScrub(Shard shard, ScrubFindings findings, Throttle throttle)
{
    public async Task RunAsync(MemoryRef memory, CancellationToken cancellationToken)
    {
        try
        {
            if (!await CheckStateAsync(memory, cancellationToken).ConfigureAwait(false)) return;
            if (await shard.Memories.FindAsync(memory, cancellationToken).ConfigureAwait(false) is not MemoryEntry entry) return;
            MemoryState state = entry.ToState();
            BlockUse use = await CheckVersionsAsync(entry, state, cancellationToken).ConfigureAwait(false);
            foreach (OperationState operation in state.Operations) await CheckOperationAsync(entry, operation, cancellationToken).ConfigureAwait(false);
            foreach (StoredBlock block in state.Blocks)
            {
                foreach (StoredSlice slice in block.Slices) await CheckSliceAsync(entry, block, slice, use, cancellationToken).ConfigureAwait(false);
            }

            findings.Memories++;
        }
        catch (Exception e) when (ScrubErrors.IsGone(e))
        {
            // Erased while it was checked.
        }
    }

    /// <summary>What is on disk, also when the memory is in RAM. The changes since are in the log, and checked there.</summary>
    /// <returns>False when the memory cannot be loaded because of it.</returns>
    private async ValueTask<bool> CheckStateAsync(MemoryRef memory, CancellationToken cancellationToken)
    {
        while (memory.State is RecordLocation at)
        {
            try
            {
                _ = await shard.Memories.ReadStateAsync(memory, at, cancellationToken).ConfigureAwait(false);
                await ReadAsync(at, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (Exception e) when (ScrubErrors.IsDamage(e))
            {
                // A checkpoint has written it anew meanwhile: then the new one counts.
                if (memory.State != at) continue;
                DamagePlace place = at.IsNowhere ? new DamagePlace(shard.Id.Value, null, null, null, null, null) : Places.Of(shard, LogName.Manifest, at);
                bool isLoaded = shard.Index.Loaded(memory) is not null;
                ImmutableArray<DamageNeed> needs = [new DamageNeed(memory.Key.ToString(), AllOf(shard.Index.Loaded(memory)))];
                findings.Add(new StoreDamage(DamageKind.MemoryState, place, $"The state of {memory.Key}: {e.Message}", needs), at);
                return isLoaded;
            }
        }

        return true;
    }

    private async Task<BlockUse> CheckVersionsAsync(MemoryEntry entry, MemoryState state, CancellationToken cancellationToken)
    {
        var use = new BlockUse();
        Manifest? before = null;
        foreach (VersionState version in state.Versions)
        {
            before = await CheckVersionAsync(entry, state, version, before, cancellationToken).ConfigureAwait(false);
            if (before is not null) use.Add(version.Version.Number, before);
            findings.Versions++;
        }

        foreach (BlockId block in use.Blocks.Where(b => entry.FindBlock(b) is null && !shard.Index.Blocks.IsGenesis(b)))
        {
            if (entry.IsErased || entry.Find(new VersionNumber(use.OfBlock(block)[0].First)) is null) continue;
            var place = new DamagePlace(shard.Id.Value, null, null, null, null, null);
            findings.Add(new StoreDamage(DamageKind.Block, place, $"Block {block} of {entry.Key} is named, but the memory does not have it.", [new DamageNeed(entry.Key.ToString(), use.OfBlock(block))]));
        }

        return use;
    }

    /// <returns>The version's manifest; null when it cannot be built.</returns>
    private async ValueTask<Manifest?> CheckVersionAsync(
        MemoryEntry entry, MemoryState state, VersionState version, Manifest? before, CancellationToken cancellationToken)
    {
        VersionRecord? record = null;
        try
        {
            record = await shard.Manifests.ReadContentAsync(entry, version, cancellationToken).ConfigureAwait(false);
            if (version.Location is RecordLocation location) await ReadAsync(location, cancellationToken).ConfigureAwait(false);
            Manifest? manifest = record switch
            {
                null => await shard.Manifests.ReadAsync(entry, version, cancellationToken).ConfigureAwait(false),
                { Image: Manifest image } => image,
                _ => before is null ? null : record.Deltas.Aggregate(before, (content, delta) => delta.Apply(content)),
            };
            if (manifest is null) return null;
            if (manifest.Check().Writes == version.Version.Writes) return manifest;
            throw new LatentDbException(ErrorCode.DataDamaged, $"Version {version.Version.Number} of {entry.Key} has {manifest.Writes} writes, not {version.Version.Writes}.");
        }
        catch (Exception e) when (ScrubErrors.IsDamage(e))
        {
            // Without a record of its own, a version has what another one has, which was told there; or a model's genesis, which is told of all its memories.
            if (version.Location is null && version.Content != ContentKind.Genesis) return null;
            RecordLocation? at = version.Location ?? shard.Index.FindGenesis(version.Version.Fingerprint)?.Location;
            DamagePlace place = at is null ? new DamagePlace(shard.Id.Value, null, null, null, null, null) : Places.Of(shard, LogName.Manifest, at);
            var needs = new DamageNeed(entry.Key.ToString(), DependentVersions.OfContent(state, version.Version.Number));
            findings.Add(new StoreDamage(version.Location is null ? DamageKind.Genesis : DamageKind.Version, place, e.Message, [needs]), at);
            return null;
        }
        catch (Exception e) when (ScrubErrors.IsGone(e) && !entry.IsErased)
        {
            // Dropped by retention; later ones have images then, which are read as such.
            return null;
        }
    }

    private async ValueTask CheckOperationAsync(MemoryEntry entry, OperationState operation, CancellationToken cancellationToken)
    {
        if (operation.Location is not RecordLocation at) return;
        try
        {
            _ = await shard.Operations.ReadAsync(entry, operation.Operation.Uid, cancellationToken).ConfigureAwait(false);
            await ReadAsync(at, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (ScrubErrors.IsDamage(e))
        {
            string message = $"Operation {operation.Operation.Uid} of {entry.Key}: {e.Message}";
            findings.Add(new StoreDamage(DamageKind.Operation, Places.Of(shard, LogName.Manifest, at), message, [new DamageNeed(entry.Key.ToString(), [])]), at);
        }
    }

    private async ValueTask CheckSliceAsync(MemoryEntry entry, StoredBlock block, StoredSlice slice, BlockUse use, CancellationToken cancellationToken)
    {
        var address = new SliceAddress(block.Id, slice.Layer, slice.Part);
        StoredSlice? at = slice;
        while (at is not null)
        {
            try
            {
                ReadOnlyMemory<byte> payload = await shard.Blocks.ReadPayloadAsync(address, new StagedSlice(at, block.Key), cancellationToken).ConfigureAwait(false);
                _ = BlockSliceCodec.Decode(address, payload);
                findings.Slices++;
                await ReadAsync(at.Location, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (ScrubErrors.IsDamage(e) || e is FrameFormatException)
            {
                StoredSlice? now = entry.FindBlock(address.Block)?.Find(address.Layer, address.Part);
                if (now is not null && now.Location == at.Location) Add(entry, address, at.Location, use, e);
                if (now is null || now.Location == at.Location) return;
                at = now;
            }
        }
    }

    private void Add(MemoryEntry entry, SliceAddress address, RecordLocation location, BlockUse use, Exception cause)
    {
        ImmutableArray<VersionSpan> versions = use.Of(address);
        ImmutableArray<DamageNeed> needs = versions.IsEmpty ? [] : [new DamageNeed(entry.Key.ToString(), versions)];
        string owner = shard.Index.Find(address.Block.Owner)?.Key.ToString() ?? "an erased memory";
        string message = $"Block {address.Block.Sequence} of {owner}, layer {address.Layer}, part {address.Part}: {cause.Message}";
        findings.Add(new StoreDamage(DamageKind.Block, Places.Of(shard, LogName.Blocks, location), message, needs), location);
    }

    private ValueTask ReadAsync(RecordLocation location, CancellationToken cancellationToken)
    {
        findings.Bytes += location.Bytes;
        return throttle.TakeAsync(location.Bytes, cancellationToken);
    }

    private static ImmutableArray<VersionSpan> AllOf(MemoryEntry? entry) =>
        entry is null ? [] : VersionSpans.From(entry.ToState().Versions.Select(v => v.Version.Number));
}
