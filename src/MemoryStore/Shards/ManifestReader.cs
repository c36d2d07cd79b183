using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Shards;

/// <summary>The content of a version: from the cache, or from the nearest image (or the genesis) and the deltas after it.</summary>
internal sealed class ManifestReader(ShardIndex index, ShardRecords records, ManifestCache cache, ShardOwnership ownership)
{
    private static readonly VersionNumber GenesisContent = new(0);

    /// <exception cref="LatentDbException">data_damaged; version_expired when retention dropped it meanwhile.</exception>
    public async ValueTask<Manifest> ReadAsync(MemoryEntry entry, VersionState version, CancellationToken cancellationToken)
    {
        if (cache.Find(entry.Uid, ContentNumber(version)) is Manifest known) return known;
        var deltas = new Stack<VersionRecord>();
        VersionState at = ContentOf(entry, version);
        Manifest? manifest = await FindBaseAsync(entry, at, deltas, cancellationToken).ConfigureAwait(false);
        while (manifest is null)
        {
            at = ParentOf(entry, at);
            manifest = await FindBaseAsync(entry, at, deltas, cancellationToken).ConfigureAwait(false);
        }

        while (deltas.TryPop(out VersionRecord? next))
        {
            foreach (ManifestDelta delta in next.Deltas) manifest = delta.Apply(manifest);
        }

        if (manifest.Writes != version.Version.Writes && version.Content != ContentKind.Genesis)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, $"Version {version.Version.Number} of {entry.Key} has {manifest.Writes} writes, not {version.Version.Writes}.");
        }

        Remember(entry, version, manifest);
        return manifest;
    }

    /// <summary>Keeps the content of a version that was just made.</summary>
    public void Remember(MemoryEntry entry, VersionState version, Manifest manifest)
    {
        // The cache names contents by version, and a version's content never changes, wherever it is stored.
        if (!entry.IsErased) cache.Add(entry.Uid, ContentNumber(version), manifest);
    }

    /// <summary>The record that holds a version's own content; null for a genesis or a repetition, which have none.</summary>
    /// <exception cref="LatentDbException">data_damaged; version_expired.</exception>
    public async ValueTask<VersionRecord?> ReadContentAsync(MemoryEntry entry, VersionState version, CancellationToken cancellationToken)
    {
        VersionState at = version;
        while (at.Location is RecordLocation location)
        {
            try
            {
                var record = (VersionRecord)await records.ReadAsync(location, FrameKind.Version, entry.Uid, cancellationToken).ConfigureAwait(false);
                if (record.Version.Number == at.Version.Number) return record;
                throw new LatentDbException(ErrorCode.DataDamaged, $"Version {record.Version.Number} of {entry.Key} stands where version {at.Version.Number} must.");
            }
            catch (LatentDbException e) when (e.IsUnreadable())
            {
                VersionState again = Require(entry, at.Version.Number);
                bool hasMoved = e is SegmentMissingException && again.Location != location;
                if (!hasMoved)
                {
                    ownership.Require();
                    StoreMetrics.DamageFound("version");
                    throw DamageWords.OfContent(entry.Key, at.Version.Number, location, DependentVersions.OfContent(entry.ToState(), at.Version.Number), e);
                }

                at = again;
            }
        }

        return null;
    }

    /// <exception cref="LatentDbException">data_damaged; internal when the model has no genesis here.</exception>
    public async ValueTask<Manifest> ReadGenesisAsync(ModelFingerprint fingerprint, CancellationToken cancellationToken)
    {
        MemoryUid uid = GenesisUid.Of(fingerprint);
        if (cache.Find(uid, GenesisContent) is Manifest known) return known;
        GenesisRecord record = await ReadGenesisRecordAsync(fingerprint, cancellationToken).ConfigureAwait(false);
        cache.Add(uid, GenesisContent, record.Manifest);
        return record.Manifest;
    }

    /// <exception cref="LatentDbException">data_damaged; internal when the model has no genesis here.</exception>
    public async ValueTask<GenesisRecord> ReadGenesisRecordAsync(ModelFingerprint fingerprint, CancellationToken cancellationToken)
    {
        while (true)
        {
            GenesisState genesis = index.FindGenesis(fingerprint)
                ?? throw new LatentDbException(ErrorCode.Internal, $"Model {fingerprint.Short} has no genesis in this shard.");
            try
            {
                return (GenesisRecord)await records.ReadAsync(genesis.Location, FrameKind.Genesis, GenesisUid.Of(fingerprint), cancellationToken).ConfigureAwait(false);
            }
            catch (SegmentMissingException) when (index.FindGenesis(fingerprint)!.Location != genesis.Location)
            {
                // Moved while it was read.
            }
        }
    }

    private async ValueTask<Manifest?> FindBaseAsync(MemoryEntry entry, VersionState at, Stack<VersionRecord> deltas, CancellationToken cancellationToken)
    {
        if (at.Content == ContentKind.Genesis) return await ReadGenesisAsync(at.Version.Fingerprint, cancellationToken).ConfigureAwait(false);
        if (cache.Find(entry.Uid, at.Version.Number) is Manifest known) return known;
        VersionRecord record = (await ReadContentAsync(entry, at, cancellationToken).ConfigureAwait(false))!;
        if (record.Image is not null) return record.Image;
        deltas.Push(record);
        return null;
    }

    private static VersionNumber ContentNumber(VersionState version) => version.SameAs ?? version.Version.Number;

    private static VersionState ContentOf(MemoryEntry entry, VersionState version) => version.SameAs is VersionNumber target ? Require(entry, target) : version;

    private static VersionState ParentOf(MemoryEntry entry, VersionState version) => ContentOf(entry, Require(entry, version.Version.Parent!.Value));

    private static VersionState Require(MemoryEntry entry, VersionNumber number) => entry.Find(number)
        ?? throw new LatentDbException(ErrorCode.VersionExpired, $"Version {number} of {entry.Key} was dropped by retention while it was read.");
}
