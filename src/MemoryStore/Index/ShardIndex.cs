using System.Collections.Concurrent;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Index;

/// <summary>
/// What a shard's manifest log says: names and places of all memories in RAM, the memories themselves on demand. Records are applied in the order
/// of the log and by the same code whether they were just committed or are replayed, so that recovery gives what was.
/// </summary>
/// <remarks>
/// Whoever applies a record of a memory has its entry loaded and holds it. An entry that a record changed stays pinned until a checkpoint has
/// stored it; so there is never more than one living entry of a memory, and never a stale one.
/// </remarks>
internal sealed class ShardIndex
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<MemoryUid, MemoryRef> _byUid = new();
    private readonly ConcurrentDictionary<ModelFingerprint, GenesisState> _genesis = new();
    private readonly Dictionary<MemoryUid, HashSet<MemoryRef>> _borrowers = [];
    private readonly Dictionary<MemoryUid, MemoryRef> _dirty = [];
    private readonly List<MemoryUid> _removed = [];
    private readonly EntryCache _cache = new(StoreLimits.MaxCachedEntryItems);

    public MemoryDirectory Directory { get; } = new();

    public BlockIndex Blocks { get; } = new();

    public SegmentUsageTable Usage { get; } = new();

    /// <summary>Erasures that were made under an idempotency key.</summary>
    public ErasureList Erasures { get; } = new();

    /// <summary>True when the count of live bytes has to be made anew before anything is deleted by it.</summary>
    public bool IsUsageUncertain { get; private set; }

    /// <summary>Where the stored directory stands.</summary>
    public DirectoryPages Pages { get; } = new();

    public ImmutableArray<GenesisState> Genesis => [.. _genesis.Values.OrderBy(g => g.Fingerprint.Value, StringComparer.Ordinal)];

    public GenesisState? FindGenesis(ModelFingerprint fingerprint) => _genesis.GetValueOrDefault(fingerprint);

    public MemoryRef? Find(MemoryUid uid) => _byUid.GetValueOrDefault(uid);

    /// <summary>The entry of a memory, when it is in RAM.</summary>
    public MemoryEntry? Loaded(MemoryRef memory)
    {
        MemoryEntry? entry;
        lock (_lock) entry = memory.Loaded;
        if (entry is not null) _cache.Touch(entry);
        return entry;
    }

    /// <summary>Takes in a state that was read from the log.</summary>
    /// <returns>The living entry; null when the memory's state stands elsewhere meanwhile, and what was read is old.</returns>
    public MemoryEntry? Install(MemoryRef memory, RecordLocation from, MemoryState state)
    {
        MemoryEntry? entry;
        lock (_lock)
        {
            entry = memory.Loaded;
            if (entry is null)
            {
                if (memory.State != from || !_byUid.ContainsKey(memory.Uid)) return null;
                entry = new MemoryEntry(state);
                memory.Loaded = entry;
            }
        }

        _cache.Touch(entry);
        return entry;
    }

    /// <summary>Other memories that may name blocks of this one: its forks.</summary>
    public ImmutableArray<MemoryRef> BorrowersOf(MemoryUid owner)
    {
        lock (_lock) return _borrowers.TryGetValue(owner, out HashSet<MemoryRef>? borrowers) ? [.. borrowers] : [];
    }

    /// <summary>Applies one record that is durable.</summary>
    /// <exception cref="Errors.LatentDbException">data_damaged when it contradicts what came before.</exception>
    public void Apply(in FrameHeader header, ShardRecord record, RecordLocation location)
    {
        switch (record)
        {
            case EpochOpenedRecord or CheckpointRecord or MemoryStateRecord or DirectoryPageRecord: break;
            case GenesisRecord r: AddGenesis(new GenesisState(r.Fingerprint, location, r.Blocks)); break;
            case MemoryCreatedRecord r: Create(header, r); break;
            case MemoryAddedRecord r: Add(header, r); break;
            case MemoryErasedRecord r: Erase(header.Memory, r); break;
            case VersionRecord r: Add(Change(header.Memory), header, r, location); break;
            case SnapshotCreatedRecord r: RecordEffects.Add(Change(header.Memory), header, r); break;
            case SnapshotDeletedRecord r: RecordEffects.Remove(Change(header.Memory), header, r); break;
            case OperationAcceptedRecord r: Accept(Change(header.Memory), header, r, location); break;
            case OperationEndedRecord r: End(Change(header.Memory), header, r); break;
            case VersionsDroppedRecord r: Drop(header.Memory, r); break;
            case RelocatedRecord r: Relocate(r); break;
            default: throw IndexDamage.Of($"a {record.Kind} record cannot be applied");
        }
    }

    /// <summary>Fills an empty index from a checkpoint.</summary>
    public void Load(CheckpointRecord checkpoint, IEnumerable<DirectoryPageRecord> pages)
    {
        foreach (GenesisState genesis in checkpoint.Genesis) AddGenesis(genesis);
        foreach (RequestDigest erasure in checkpoint.Erasures) Erasures.Add(erasure);
        Pages.Load(checkpoint.Pages);
        foreach (DirectoryPageRecord page in pages)
        {
            foreach (MemoryUid uid in page.Removed) Forget(uid);
            foreach (DirectoryItem item in page.Items) Load(item);
            Pages.Count(page);
        }

        // What the pages say is in the checkpoint's own count.
        _removed.Clear();
        Usage.Load(checkpoint.Usage);
    }

    /// <summary>What a checkpoint has to store. Called while no record is being applied.</summary>
    public IndexChanges TakeChanges()
    {
        lock (_lock)
        {
            return new IndexChanges([.. _dirty.Values.OrderBy(m => m.Uid.Value).Select(m => new ChangedMemory(m, m.Pinned!, m.Pinned!.Changes))], [.. _removed]);
        }
    }

    /// <summary>A checkpoint is durable: what it stored need not be kept in RAM any more.</summary>
    public void Stored(IndexChanges changes, IReadOnlyDictionary<MemoryUid, RecordLocation> places)
    {
        lock (_lock)
        {
            _removed.RemoveRange(0, changes.Removed.Length);
            foreach (ChangedMemory changed in changes.Memories)
            {
                changed.Memory.State = places[changed.Memory.Uid];
                if (changed.Entry.Changes != changed.Changes) continue;
                changed.Memory.Pinned = null;
                _dirty.Remove(changed.Memory.Uid);
            }
        }
    }

    /// <summary>Replaces the count of live bytes by one that was made from all memories. Called while no record is being applied.</summary>
    public void Recounted(ImmutableArray<SegmentUsage> usage)
    {
        Usage.Load(usage);
        IsUsageUncertain = false;
    }

    /// <summary>
    /// Gives up a memory whose state is damaged and of which changes lie in the log: applied to nothing, they are lost, so that from now on the
    /// memory must not be read even if the old state comes back. The directory remembers it. Its live bytes stay counted.
    /// </summary>
    public void Lose(MemoryRef memory)
    {
        lock (_lock) memory.State = RecordLocation.Nowhere;
        Pages.WantRewrite();
    }

    /// <summary>Tells the directory what a memory names now: after a change, and for memories of stores whose pages do not say it.</summary>
    public void Note(MemoryEntry entry)
    {
        long bytes = entry.Bytes;
        bool isWaiting = entry.OfOperations(o => o.PendingCount) > 0;
        lock (_lock)
        {
            if (_byUid.TryGetValue(entry.Uid, out MemoryRef? memory)) Directory.Note(memory, bytes, isWaiting);
        }
    }

    /// <summary>Makes the next checkpoint store this memory's state anew.</summary>
    public void Touch(MemoryEntry entry)
    {
        lock (_lock)
        {
            if (_byUid.TryGetValue(entry.Uid, out MemoryRef? memory)) Pin(memory, entry);
        }
    }

    private void AddGenesis(GenesisState genesis)
    {
        if (!_genesis.TryAdd(genesis.Fingerprint, genesis)) throw IndexDamage.Of($"the genesis of {genesis.Fingerprint.Short} exists twice");
        foreach (StoredBlock block in genesis.Blocks) Blocks.Add(block);
        Usage.Add(genesis.Location, LogName.Manifest);
        foreach (StoredBlock block in genesis.Blocks) Usage.Add(block);
    }

    private void Create(in FrameHeader header, MemoryCreatedRecord record)
    {
        if (!_genesis.ContainsKey(record.Fingerprint)) throw IndexDamage.Of($"{record.Key} begins with a genesis that is not there");
        var first = new MemoryVersion(VersionNumber.First, null, VersionCause.Create, null, header.Time, record.Fingerprint, 0, 0, 0, 0, 0, record.Under?.Key) { Author = record.Author };
        ImmutableArray<VersionState> versions = [new VersionState(first, ContentKind.Genesis, null, null, 0)];
        var state = new MemoryState(header.Memory, record.Key, header.Time, record.Fingerprint, record.Metadata, versions, [], [], []);
        AddNew(record.Under is WriteKey key ? state with { Keys = [new KeyedWrite(key.Key, WriteVerb.Create, key.Digest, VersionNumber.First, header.Time)] } : state);
    }

    private void Add(in FrameHeader header, MemoryAddedRecord record)
    {
        if (!_genesis.ContainsKey(record.State.Fingerprint)) throw IndexDamage.Of($"{record.State.Key} needs a genesis that is not there");
        if (record.State.Uid != header.Memory) throw IndexDamage.Of($"memory {header.Memory} is added as {record.State.Uid}");
        MemoryState state = RecordEffects.Stamped(record.State, header.Time);
        AddNew(state);
        Usage.Add(state);
    }

    private void AddNew(MemoryState state)
    {
        var entry = new MemoryEntry(state);
        ImmutableArray<MemoryUid> lenders = [.. state.Blocks.Select(b => b.Id.Owner).Where(o => o != state.Uid).Distinct()];
        var memory = new MemoryRef(state.Uid, state.Key, null, lenders) { Bytes = entry.Bytes };
        lock (_lock)
        {
            Enter(memory);
            memory.Loaded = entry;
            Pin(memory, entry);
        }

        _cache.Touch(entry);
    }

    private void Load(DirectoryItem item)
    {
        lock (_lock)
        {
            if (_byUid.TryGetValue(item.Uid, out MemoryRef? known))
            {
                known.State = item.State;
                Directory.Note(known, item.Bytes, item.IsWaiting);
                return;
            }

            Enter(new MemoryRef(item.Uid, item.Key, item.State, item.Lenders) { Bytes = item.Bytes, IsWaiting = item.IsWaiting });
        }
    }

    private void Enter(MemoryRef memory)
    {
        if (!_byUid.TryAdd(memory.Uid, memory) || !Directory.TryAdd(memory)) throw IndexDamage.Of($"{memory.Key} exists twice");
        foreach (MemoryUid lender in memory.Lenders)
        {
            if (!_borrowers.TryGetValue(lender, out HashSet<MemoryRef>? borrowers)) _borrowers.Add(lender, borrowers = []);
            borrowers.Add(memory);
        }
    }

    private void Add(MemoryEntry entry, in FrameHeader header, VersionRecord record, RecordLocation location)
    {
        MemoryVersion version = record.Version with { CommittedAt = header.Time };
        VersionState state = RecordEffects.ContentOf(entry, version, record, location);
        entry.Add(state, record.Blocks);
        if (version.OperationId is string key) entry.Remember(new WriteKey(key, record.Digest), (WriteVerb)version.Cause, version.Number, header.Time);
        Usage.Add(state.Location, LogName.Manifest);
        foreach (StoredBlock block in record.Blocks) Usage.Add(block);
        HybridTimestamp time = header.Time;
        if (record.Step is OperationStep step) Usage.Remove(entry.ChangeOperations(o => o.Advance(step, version.Number, time)), LogName.Manifest);
        Note(entry);
    }

    private void Accept(MemoryEntry entry, in FrameHeader header, OperationAcceptedRecord record, RecordLocation location)
    {
        HybridTimestamp time = header.Time;
        Usage.Add(location, LogName.Manifest);
        Usage.Remove(entry.ChangeOperations(o => o.Accept(record, location, time)), LogName.Manifest);
        Note(entry);
    }

    private void End(MemoryEntry entry, in FrameHeader header, OperationEndedRecord record)
    {
        HybridTimestamp time = header.Time;
        Usage.Remove(entry.ChangeOperations(o => o.End(record, time)), LogName.Manifest);
        Note(entry);
    }

    private void Drop(MemoryUid uid, VersionsDroppedRecord record)
    {
        MemoryEntry entry = Change(uid);
        (ImmutableArray<VersionState> versions, ImmutableArray<StoredBlock> blocks) = entry.Drop(record);
        foreach (VersionState version in versions) Usage.Remove(version.Location, LogName.Manifest);
        foreach (VersionPlace image in record.Images) Usage.Add(image.Location, LogName.Manifest);
        foreach (StoredBlock block in blocks) Usage.Remove(block);
        Note(entry);
    }

    private void Relocate(RelocatedRecord record)
    {
        foreach (MemoryRelocation relocation in record.Memories)
        {
            // Erased meanwhile, or about to be in this replay: the copies are garbage like the originals.
            if (Find(relocation.Memory)?.Loaded is null) continue;
            foreach (Move move in Change(relocation.Memory).Relocate(relocation))
            {
                Usage.Remove(move.From, move.Log);
                Usage.Add(move.To, move.Log);
            }
        }

        foreach (GenesisState genesis in record.Genesis) Relocate(genesis);
    }

    private void Relocate(GenesisState genesis)
    {
        GenesisState before = _genesis[genesis.Fingerprint];
        _genesis[genesis.Fingerprint] = genesis;
        Usage.Remove(before.Location, LogName.Manifest);
        Usage.Add(genesis.Location, LogName.Manifest);
        foreach (StoredBlock block in before.Blocks) Usage.Remove(block);
        foreach (StoredBlock block in genesis.Blocks)
        {
            Usage.Add(block);
            Blocks.Add(block);
        }
    }

    private void Erase(MemoryUid uid, MemoryErasedRecord record)
    {
        if (record.Under is RequestDigest erasure) Erasures.Add(erasure);
        if (Find(uid) is not MemoryRef memory) return;
        if (memory.Loaded is MemoryEntry entry)
        {
            entry.MarkErased();
            Usage.Remove(entry.ToState());
            _cache.Remove(entry);
        }
        else if (memory.State == record.State)
        {
            // A replay: what the memory did since the checkpoint was not read and not counted, so only the stored state is to be taken away.
            Usage.Remove(record.Usage);
        }
        else
        {
            IsUsageUncertain = true;
        }

        Forget(uid);
    }

    private void Forget(MemoryUid uid)
    {
        lock (_lock)
        {
            if (!_byUid.TryRemove(uid, out MemoryRef? memory)) return;
            Directory.Remove(memory.Key);
            _dirty.Remove(uid);
            memory.Pinned = null;
            memory.Loaded = null;
            foreach (MemoryUid lender in memory.Lenders)
            {
                if (_borrowers.TryGetValue(lender, out HashSet<MemoryRef>? borrowers) && borrowers.Remove(memory) && borrowers.Count == 0) _borrowers.Remove(lender);
            }

            if (memory.State is null) return;
            Usage.Remove(memory.State, LogName.Manifest);
            _removed.Add(uid);
        }
    }

    /// <summary>The entry of a memory that a record changes.</summary>
    private MemoryEntry Change(MemoryUid uid)
    {
        lock (_lock)
        {
            if (!_byUid.TryGetValue(uid, out MemoryRef? memory)) throw IndexDamage.Of($"a record names memory {uid}, which is not there");
            MemoryEntry entry = memory.Loaded ?? throw new InvalidOperationException($"Memory {memory.Key} is changed, but was not loaded.");
            Pin(memory, entry);
            return entry;
        }
    }

    private void Pin(MemoryRef memory, MemoryEntry entry)
    {
        memory.Pinned = entry;
        _dirty[memory.Uid] = memory;
    }
}
