using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Epochs;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>Everything of one shard but its memories: state file, logs, keys, directory, genesis, live bytes.</summary>
internal sealed class ShardScrub(Shard shard, ScrubFindings findings, Throttle throttle)
{
    private readonly ShardLayout _layout = shard.Layout;

    public async Task RunAsync(IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        CheckState();
        await CheckLogsAsync(progress, cancellationToken).ConfigureAwait(false);
        CheckSegments();
        await CheckKeysAsync(cancellationToken).ConfigureAwait(false);
        await CheckDirectoryAsync(cancellationToken).ConfigureAwait(false);
        foreach (GenesisState genesis in shard.Index.Genesis) await CheckGenesisAsync(genesis, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Compares the count of live bytes with one made from all memories; only while nothing is written can they be compared.</summary>
    public async Task CheckUsageAsync(CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < IntegrityLimits.QuietAttempts; attempt++)
        {
            try
            {
                if (await TryCheckUsageAsync(cancellationToken).ConfigureAwait(false)) return;
            }
            catch (Exception e) when (ScrubErrors.IsDamage(e))
            {
                findings.Skip($"{shard.Id}: live bytes were not counted, because a memory is damaged.");
                return;
            }
            catch (Exception e) when (ScrubErrors.IsGone(e))
            {
                // Something was erased meanwhile: not quiet.
            }
        }

        findings.Skip($"{shard.Id}: live bytes were not compared, because writes went on.");
    }

    private void CheckState()
    {
        long newest = _layout.States.NewestNumber();
        if (newest > shard.Fence.Number) findings.Skip($"{shard.Id}: epoch {shard.Epoch} was followed; another process owns the shard.");
        else if (newest < shard.Fence.Number) AddStateDamage(_layout.States.NameOf(shard.Fence.Number), "The newest state file is missing.");
        foreach ((string file, string message) in _layout.States.Check()) AddStateDamage(file, message);
        if (!_layout.IsServed(shard.Epoch)) AddStateDamage(Path.GetRelativePath(_layout.Root, _layout.ServedPath(shard.Epoch)), "The mark that the current epoch was served is missing.");
    }

    private void AddStateDamage(string file, string message) =>
        findings.Add(new StoreDamage(DamageKind.StateFile, Places.InFile(shard.Id, null, null, file), message, []) { KeepsShardFromOpening = true });

    private async Task CheckLogsAsync(IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        var scrub = new LogScrub(shard, findings, throttle);
        Epoch[] epochs = [.. _layout.Epochs().Where(e => e.Value <= shard.Epoch.Value)];
        foreach ((int index, Epoch epoch) in epochs.Index())
        {
            foreach (LogName log in new[] { LogName.Manifest, LogName.Blocks }) await CheckLogAsync(scrub, epoch, log, cancellationToken).ConfigureAwait(false);
            progress?.Report(new StoreProgress("logs", index + 1, epochs.Length));
        }
    }

    private async Task CheckLogAsync(LogScrub scrub, Epoch epoch, LogName log, CancellationToken cancellationToken)
    {
        try
        {
            await scrub.RunAsync(epoch, log, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            // Compaction removes files between listing and reading; what is needed is listed by the memories that need it.
            findings.Skip($"{Places.InLog(shard.Id, epoch, log, null, null).File}: {e.Message}");
        }
    }

    /// <summary>Segments that something refers to must be there.</summary>
    private void CheckSegments()
    {
        foreach (SegmentUsage usage in shard.Index.Usage.ToArray())
        {
            SegmentId id = usage.Segment;
            string folder = _layout.LogFolderOf(id.Epoch, id.Log);
            if (_layout.Disk.FileExists(LogFolder.SegmentPath(folder, id.Segment)) || shard.Index.Usage.BytesOf(id) == 0) continue;

            // Something was appended, but the engine has not made the file yet.
            if (id.Epoch == shard.Epoch && id.Segment * SegmentBytesOf(id) >= CommittedOf(id.Log)) continue;
            findings.Add(new StoreDamage(
                DamageKind.SegmentMissing,
                Places.InLog(shard.Id, id.Epoch, id.Log, id.Segment, null),
                $"Segment {id.Segment} of the {Places.NameOf(id.Log)} log of epoch {id.Epoch} is missing; {usage.Bytes} bytes in it are needed.",
                []));
        }
    }

    private long SegmentBytesOf(SegmentId id) => shard.Epochs.Get(id.Epoch).Reader(id.Log).Geometry.SegmentBytes;

    private long CommittedOf(LogName log) => log == LogName.Manifest ? shard.ManifestLog.CommittedAddress : shard.BlockLog.CommittedAddress;

    private async ValueTask CheckKeysAsync(CancellationToken cancellationToken)
    {
        KeyringCheck check = await shard.Keys.Keyring.CheckAsync(cancellationToken).ConfigureAwait(false);
        findings.KeySlots += check.Slots;
        findings.Bytes += check.Bytes;
        foreach (KeyCopyDamage copy in check.DamagedCopies)
        {
            DamagePlace place = Places.InFile(shard.Id, shard.Epoch, null, copy.File, copy.Slot);
            findings.Add(new StoreDamage(DamageKind.KeyCopy, place, copy.Message, []) { KeepsShardFromOpening = copy.Slot is null && !check.IsOpenable });
        }

        foreach (KeyLoss loss in check.LostSlots)
        {
            string? name = loss.Memory is MemoryUid uid ? shard.Index.Find(uid)?.Key.ToString() : null;
            ImmutableArray<DamageNeed> needs = name is null ? [] : [new DamageNeed(name, [])];
            string message = $"Key slot {loss.Slot} is damaged in both key files{(name is null ? string.Empty : $": {name} cannot be read after a restart")}.";
            findings.Add(new StoreDamage(DamageKind.KeyLost, Places.InFile(shard.Id, shard.Epoch, null, "keys.a", loss.Slot), message, needs));
        }

        if (check.TenantFile is string tenants)
        {
            findings.Add(new StoreDamage(DamageKind.TenantKeys, Places.InFile(shard.Id, shard.Epoch, null, "keys.tenants"), tenants, []) { KeepsShardFromOpening = !check.IsOpenable });
        }

        await throttle.TakeAsync(check.Bytes, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask CheckDirectoryAsync(CancellationToken cancellationToken)
    {
        foreach (RecordLocation page in shard.Index.Pages.Places)
        {
            try
            {
                _ = await shard.Records.ReadAsync(page, FrameKind.DirectoryPage, ShardKeys.ShardUid, cancellationToken).ConfigureAwait(false);
                findings.Bytes += page.Bytes;
            }
            catch (Exception e) when (ScrubErrors.IsDamage(e))
            {
                if (!shard.Index.Pages.Places.Contains(page)) continue;
                findings.Add(new StoreDamage(DamageKind.Directory, Places.Of(shard, LogName.Manifest, page), e.Message, []) { KeepsShardFromOpening = true }, page);
            }

            await throttle.TakeAsync(page.Bytes, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CheckGenesisAsync(GenesisState genesis, CancellationToken cancellationToken)
    {
        try
        {
            _ = (await shard.Manifests.ReadGenesisRecordAsync(genesis.Fingerprint, cancellationToken).ConfigureAwait(false)).Manifest.Check();
            findings.Bytes += genesis.Location.Bytes;
        }
        catch (Exception e) when (ScrubErrors.IsDamage(e))
        {
            Add(genesis, Places.Of(shard, LogName.Manifest, genesis.Location), e.Message, genesis.Location);
        }

        foreach (StoredBlock block in genesis.Blocks)
        {
            foreach (StoredSlice slice in block.Slices) await CheckGenesisSliceAsync(genesis, block.Id, slice, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CheckGenesisSliceAsync(GenesisState genesis, BlockId block, StoredSlice slice, CancellationToken cancellationToken)
    {
        var address = new SliceAddress(block, slice.Layer, slice.Part);
        try
        {
            _ = await shard.Blocks.ReadAsync(address, cancellationToken).ConfigureAwait(false);
            findings.Slices++;
            findings.Bytes += slice.Location.Bytes;
        }
        catch (Exception e) when (ScrubErrors.IsDamage(e))
        {
            RecordLocation location = shard.Index.Blocks.Find(address)?.Slice.Location ?? slice.Location;
            Add(genesis, Places.Of(shard, LogName.Blocks, location), e.Message, location);
        }

        await throttle.TakeAsync(slice.Location.Bytes, cancellationToken).ConfigureAwait(false);
    }

    private void Add(GenesisState genesis, DamagePlace place, string what, RecordLocation location) =>
        findings.Add(new StoreDamage(DamageKind.Genesis, place, $"The genesis of model {genesis.Fingerprint.Short}, which all its memories begin with: {what}", []), location);

    /// <returns>False when something was written meanwhile.</returns>
    private async ValueTask<bool> TryCheckUsageAsync(CancellationToken cancellationToken)
    {
        if (shard.Index.IsUsageUncertain)
        {
            findings.Skip($"{shard.Id}: live bytes are known to be counted too high, until the shard is opened again.");
            return true;
        }

        (long, long)? before = Quiet();
        ImmutableArray<SegmentUsage> kept = shard.Index.Usage.ToArray();
        ImmutableArray<SegmentUsage> counted = await UsageCount.CountAsync(shard.Index, shard.Memories, cancellationToken).ConfigureAwait(false);
        if (before is null || Quiet() != before) return false;
        foreach (SegmentId id in kept.Concat(counted).Select(u => u.Segment).Distinct())
        {
            long has = kept.FirstOrDefault(u => u.Segment == id).Bytes;
            long should = counted.FirstOrDefault(u => u.Segment == id).Bytes;
            if (has == should) continue;
            string message = $"Segment {id.Segment} of the {Places.NameOf(id.Log)} log of epoch {id.Epoch} counts {has} live bytes, and has {should}.";
            findings.Add(new StoreDamage(DamageKind.Usage, Places.InLog(shard.Id, id.Epoch, id.Log, id.Segment, null), message, []));
        }

        return true;
    }

    /// <summary>Where the logs end, when everything in them is durable and applied; else null.</summary>
    private (long Manifest, long Blocks)? Quiet()
    {
        (long manifest, long blocks) = (shard.ManifestLog.TailAddress, shard.BlockLog.TailAddress);
        return manifest == shard.ManifestLog.CommittedAddress ? (manifest, blocks) : null;
    }
}
