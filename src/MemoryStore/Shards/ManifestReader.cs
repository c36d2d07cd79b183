using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Shards;

/// <summary>The content of a version: from the cache, or from the nearest image (or the genesis) and the deltas after it.</summary>
internal sealed class ManifestReader(ShardIndex index, EpochSet epochs, ManifestCache cache)
{
    private static readonly VersionNumber GenesisContent = new(0);

    /// <exception cref="LatentDbException">data_damaged.</exception>
    public async ValueTask<Manifest> ReadAsync(MemoryEntry entry, VersionState version, CancellationToken cancellationToken)
    {
        VersionState content = ContentOf(entry, version);
        if (cache.Find(entry.Uid, content.Version.Number) is Manifest known) return known;
        var deltas = new Stack<VersionRecord>();
        VersionState at = content;
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

        Remember(entry, content, manifest);
        return manifest;
    }

    /// <summary>Keeps the content of a version that was just made.</summary>
    public void Remember(MemoryEntry entry, VersionState version, Manifest manifest) =>
        cache.Add(entry.Uid, ContentOf(entry, version).Version.Number, manifest);

    /// <exception cref="LatentDbException">data_damaged; internal when the model has no genesis here.</exception>
    public async ValueTask<Manifest> ReadGenesisAsync(ModelFingerprint fingerprint, CancellationToken cancellationToken)
    {
        MemoryUid uid = GenesisUid.Of(fingerprint);
        if (cache.Find(uid, GenesisContent) is Manifest known) return known;
        GenesisState genesis = index.FindGenesis(fingerprint)
            ?? throw new LatentDbException(ErrorCode.Internal, $"Model {fingerprint.Short} has no genesis in this shard.");
        var record = (GenesisRecord)await ReadRecordAsync(genesis.Location, FrameKind.Genesis, uid, cancellationToken).ConfigureAwait(false);
        cache.Add(uid, GenesisContent, record.Manifest);
        return record.Manifest;
    }

    private async ValueTask<Manifest?> FindBaseAsync(MemoryEntry entry, VersionState at, Stack<VersionRecord> deltas, CancellationToken cancellationToken)
    {
        if (at.Content == ContentKind.Genesis) return await ReadGenesisAsync(at.Version.Fingerprint, cancellationToken).ConfigureAwait(false);
        if (cache.Find(entry.Uid, at.Version.Number) is Manifest known) return known;
        var record = (VersionRecord)await ReadRecordAsync(at.Location!, FrameKind.Version, entry.Uid, cancellationToken).ConfigureAwait(false);
        if (record.Version.Number != at.Version.Number)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, $"Version {record.Version.Number} of {entry.Key} stands where version {at.Version.Number} must.");
        }

        if (record.Image is not null) return record.Image;
        deltas.Push(record);
        return null;
    }

    private async ValueTask<ShardRecord> ReadRecordAsync(RecordLocation location, FrameKind kind, MemoryUid memory, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> payload =
            await RecordReader.ReadAsync(epochs.Get(location.Epoch).Manifest, location, kind, memory, cancellationToken).ConfigureAwait(false);
        try
        {
            return RecordCodec.Decode(new FrameHeader { Kind = kind, Memory = memory }, null, payload.Span);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(location.Epoch, location.Addresses[0], e);
        }
    }

    private static VersionState ContentOf(MemoryEntry entry, VersionState version) =>
        version.SameAs is VersionNumber target ? entry.Find(target)! : version;

    private static VersionState ParentOf(MemoryEntry entry, VersionState version) => ContentOf(entry, entry.Find(version.Version.Parent!.Value)!);
}
