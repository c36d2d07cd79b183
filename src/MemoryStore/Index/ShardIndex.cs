using System.Collections.Concurrent;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Index;

/// <summary>
/// Everything that a shard's manifest log says, in RAM. Records are applied in the order of the log and by the same code whether they were just
/// committed or are replayed, so that recovery gives what was.
/// </summary>
internal sealed class ShardIndex
{
    private readonly ConcurrentDictionary<MemoryUid, MemoryEntry> _byUid = new();
    private readonly ConcurrentDictionary<ModelFingerprint, GenesisState> _genesis = new();

    public MemoryDirectory Directory { get; } = new();

    public BlockIndex Blocks { get; } = new();

    public GenesisState? FindGenesis(ModelFingerprint fingerprint) => _genesis.GetValueOrDefault(fingerprint);

    public MemoryEntry? Find(MemoryUid uid) => _byUid.GetValueOrDefault(uid);

    /// <summary>Applies one record that is durable.</summary>
    /// <exception cref="LatentDbException">data_damaged when it contradicts what came before.</exception>
    public void Apply(in FrameHeader header, ShardRecord record, RecordLocation location)
    {
        switch (record)
        {
            case EpochOpenedRecord: break;
            case GenesisRecord r: AddGenesis(new GenesisState(r.Fingerprint, location, r.Blocks)); break;
            case MemoryCreatedRecord r: Create(header, r); break;
            case MemoryDeletedRecord: Delete(Require(header.Memory)); break;
            case VersionRecord r: Add(Require(header.Memory), header, r, location); break;
            case SnapshotCreatedRecord r: Require(header.Memory).Add(new Snapshot(r.Name, r.Version, header.Time)); break;
            case SnapshotDeletedRecord r: Require(header.Memory).RemoveSnapshot(r.Name); break;
            case CheckpointRecord r: Load(r); break;
            default: throw Damaged($"a {record.Kind} record cannot be applied");
        }
    }

    /// <summary>The whole index in a fixed order, so that equal states have equal bytes.</summary>
    public CheckpointRecord ToCheckpoint() => new(
        [.. _genesis.Values.OrderBy(g => g.Fingerprint.Value, StringComparer.Ordinal)],
        [.. _byUid.Values.OrderBy(m => m.Uid.Value).Select(m => m.ToState())]);

    public void Relocate(GenesisState genesis)
    {
        _genesis[genesis.Fingerprint] = genesis;
        foreach (StoredBlock block in genesis.Blocks) Blocks.Add(block);
    }

    private void AddGenesis(GenesisState genesis)
    {
        if (!_genesis.TryAdd(genesis.Fingerprint, genesis)) throw Damaged($"the genesis of {genesis.Fingerprint.Short} exists twice");
        foreach (StoredBlock block in genesis.Blocks) Blocks.Add(block);
    }

    private void Create(in FrameHeader header, MemoryCreatedRecord record)
    {
        if (!_genesis.ContainsKey(record.Fingerprint)) throw Damaged($"{record.Key} begins with a genesis that is not there");
        var first = new MemoryVersion(VersionNumber.First, null, VersionCause.Create, null, header.Time, record.Fingerprint, 0, 0, 0, 0, 0, null);
        ImmutableArray<VersionState> versions = [new VersionState(first, ContentKind.Genesis, null, null, 0)];
        Add(new MemoryState(header.Memory, record.Key, header.Time, record.Metadata, versions, [], []));
    }

    private void Add(MemoryState state)
    {
        var entry = new MemoryEntry(state);
        if (!_byUid.TryAdd(state.Uid, entry) || !Directory.TryAdd(entry)) throw Damaged($"{state.Key} exists twice");
        foreach (StoredBlock block in state.Blocks) Blocks.Add(block);
    }

    private void Add(MemoryEntry entry, in FrameHeader header, VersionRecord record, RecordLocation location)
    {
        MemoryVersion version = record.Version with { CommittedAt = header.Time };
        foreach (StoredBlock block in record.Blocks) Blocks.Add(block);
        entry.Add(ContentOf(entry, version, record, location), record.Blocks);
    }

    private static VersionState ContentOf(MemoryEntry entry, MemoryVersion version, VersionRecord record, RecordLocation location)
    {
        if (record.SameAs is VersionNumber target)
        {
            VersionState source = entry.Find(target) ?? throw Damaged($"version {version.Number} of {entry.Key} repeats version {target}, which is not there");
            if (source.Content == ContentKind.SameAs) throw Damaged($"version {version.Number} of {entry.Key} repeats a repetition");
            return new VersionState(version, ContentKind.SameAs, target, null, source.Depth);
        }

        if (record.Image is not null) return new VersionState(version, ContentKind.Image, null, location, 0);
        return new VersionState(version, ContentKind.Deltas, null, location, entry.Head.Depth + record.Deltas.Length);
    }

    private void Delete(MemoryEntry entry)
    {
        entry.MarkDeleted();
        Directory.Remove(entry.Key);
        _byUid.TryRemove(entry.Uid, out _);
        foreach (StoredBlock block in entry.ToState().Blocks) Blocks.Remove(block);
    }

    private void Load(CheckpointRecord record)
    {
        // A checkpoint in the middle of a replay repeats what is known; only at the start does it bring anything.
        if (!_genesis.IsEmpty || !_byUid.IsEmpty) return;
        foreach (GenesisState genesis in record.Genesis) AddGenesis(genesis);
        foreach (MemoryState memory in record.Memories) Add(memory);
    }

    private MemoryEntry Require(MemoryUid uid) => Find(uid) ?? throw Damaged($"a record names memory {uid}, which is not there");

    private static LatentDbException Damaged(string what) => new(ErrorCode.DataDamaged, $"The manifest log contradicts itself: {what}.");
}
