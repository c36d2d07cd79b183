using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Index;

/// <summary>What the index knows of one memory. Readers on any thread see one state or the next, never a mixture.</summary>
internal sealed class MemoryEntry
{
    private readonly Lock _lock = new();
    private readonly VersionList _versions;
    private readonly SortedDictionary<string, Snapshot> _snapshots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VersionNumber> _operations = new(StringComparer.Ordinal);
    private readonly KeyList _keys;
    private readonly OperationList _accepted;
    private readonly Dictionary<BlockId, StoredBlock> _blocks = [];
    private long _bytes;
    private long _ownedBytes;
    private long _lastBlock;
    private long _changes;
    private bool _isErased;

    public MemoryEntry(MemoryState state)
    {
        Uid = state.Uid;
        Key = state.Key;
        CreatedAt = state.CreatedAt;
        Fingerprint = state.Fingerprint;
        Metadata = state.Metadata;
        _versions = new VersionList(state.Key, state.Versions, state.Gaps);
        _keys = new KeyList(state.Keys);
        _accepted = new OperationList(state.Operations).Counted();
        foreach (StoredBlock block in state.Blocks) AddBlock(block);
        foreach (Snapshot snapshot in state.Snapshots) _snapshots.Add(snapshot.Name.Value, snapshot);
        foreach (VersionState version in state.Versions) RememberOperation(version.Version);
    }

    public MemoryUid Uid { get; }

    public MemoryKey Key { get; }

    public HybridTimestamp CreatedAt { get; }

    public ModelFingerprint Fingerprint { get; }

    public string? Metadata { get; }

    public bool IsErased
    {
        get
        {
            lock (_lock) return _isErased;
        }
    }

    public VersionState Head
    {
        get
        {
            lock (_lock) return _versions.Head;
        }
    }

    /// <summary>Bytes of the blocks that the memory names and wrote itself.</summary>
    public long OwnedBytes
    {
        get
        {
            lock (_lock) return _ownedBytes;
        }
    }

    /// <summary>Bytes of all blocks that the memory names, borrowed ones included: what would have to be kept for it alone.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    /// <summary>Kept versions.</summary>
    public int VersionCount
    {
        get
        {
            lock (_lock) return _versions.Count;
        }
    }

    /// <summary>Versions and blocks: what the entry weighs in a cache.</summary>
    public long Items
    {
        get
        {
            lock (_lock) return 1 + _versions.Count + _keys.Count + _accepted.Count + (4L * _blocks.Count);
        }
    }

    /// <summary>Counts the changes since the entry was loaded.</summary>
    public long Changes
    {
        get
        {
            lock (_lock) return _changes;
        }
    }

    /// <summary>
    /// The next block's sequence, never given twice by this process. A restart may give numbers again that were reserved but not committed: no
    /// version names those, and slices are found only through versions.
    /// </summary>
    public long ReserveBlock() => Interlocked.Increment(ref _lastBlock);

    /// <summary>The state that a checkpoint stores.</summary>
    public MemoryState ToState()
    {
        lock (_lock)
        {
            return new MemoryState(
                Uid, Key, CreatedAt, Fingerprint, Metadata, _versions.ToArray(), _versions.Gaps, [.. _snapshots.Values],
                [.. _blocks.Values.OrderBy(b => b.Id.Owner.Value).ThenBy(b => b.Id.Sequence)])
            {
                Keys = _keys.ToArray(),
                Operations = _accepted.ToArray(),
            };
        }
    }

    public VersionState? Find(VersionNumber number)
    {
        lock (_lock) return _versions.Find(number);
    }

    /// <summary>True when there was such a version and retention has dropped it.</summary>
    public bool IsDropped(VersionNumber number)
    {
        lock (_lock) return _versions.IsDropped(number);
    }

    /// <summary>The version that was head at that time.</summary>
    public VersionAtTime FindAt(HybridTimestamp time)
    {
        lock (_lock) return _versions.FindAt(time);
    }

    public MemoryVersion? FindOperation(string operationId)
    {
        lock (_lock) return _operations.TryGetValue(operationId, out VersionNumber number) ? _versions.Find(number)?.Version : null;
    }

    /// <summary>The write that was made under an idempotency key: one of the newest, or any that made a kept version.</summary>
    public KeyedWrite? FindWrite(string? key)
    {
        if (key is null) return null;
        lock (_lock)
        {
            if (_keys.Find(key) is KeyedWrite write) return write;
            if (!_operations.TryGetValue(key, out VersionNumber number) || _versions.Find(number)?.Version is not MemoryVersion version) return null;
            return new KeyedWrite(key, (WriteVerb)version.Cause, null, number, version.CommittedAt);
        }
    }

    /// <summary>Remembers a write that was made under a key.</summary>
    public void Remember(WriteKey? key, WriteVerb verb, VersionNumber version, HybridTimestamp at)
    {
        if (key is null) return;
        lock (_lock)
        {
            _keys.Add(new KeyedWrite(key.Key, verb, key.Digest, version, at));
            _changes++;
        }
    }

    /// <summary>Asks the list of accepted writes.</summary>
    public T OfOperations<T>(Func<OperationList, T> ask)
    {
        lock (_lock) return ask(_accepted);
    }

    /// <summary>Changes the list of accepted writes.</summary>
    public RecordLocation? ChangeOperations(Func<OperationList, RecordLocation?> change)
    {
        lock (_lock)
        {
            _changes++;
            return change(_accepted);
        }
    }

    public ImmutableArray<MemoryVersion> List(int limit, VersionNumber? before)
    {
        lock (_lock) return _versions.List(limit, before);
    }

    public Snapshot? FindSnapshot(SnapshotName name)
    {
        lock (_lock) return _snapshots.GetValueOrDefault(name.Value);
    }

    public ImmutableArray<Snapshot> Snapshots()
    {
        lock (_lock) return [.. _snapshots.Values];
    }

    public StoredBlock? FindBlock(BlockId id)
    {
        lock (_lock) return _blocks.GetValueOrDefault(id);
    }

    public void Add(VersionState version, ImmutableArray<StoredBlock> blocks)
    {
        lock (_lock)
        {
            _versions.Add(version);
            foreach (StoredBlock block in blocks) AddBlock(block);
            RememberOperation(version.Version);
            _changes++;
        }
    }

    public void Add(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (!_snapshots.TryAdd(snapshot.Name.Value, snapshot)) throw IndexDamage.Of($"snapshot {snapshot.Name} of {Key} exists twice");
            _changes++;
        }
    }

    public void RemoveSnapshot(SnapshotName name)
    {
        lock (_lock)
        {
            if (!_snapshots.Remove(name.Value)) throw IndexDamage.Of($"snapshot {name} of {Key} is deleted, but was not created");
            _changes++;
        }
    }

    public void MarkErased()
    {
        lock (_lock) _isErased = true;
    }

    /// <summary>Retention: versions go, some of those that stay get a content of their own, and blocks that none names go.</summary>
    /// <returns>The versions that went or whose content was replaced, and the blocks that went: as they were.</returns>
    public (ImmutableArray<VersionState> Versions, ImmutableArray<StoredBlock> Blocks) Drop(VersionsDroppedRecord record)
    {
        lock (_lock)
        {
            ImmutableArray<VersionState> versions = _versions.Drop(record.Gaps, record.Images);
            var blocks = ImmutableArray.CreateBuilder<StoredBlock>();
            foreach (BlockId id in record.Blocks)
            {
                if (!_blocks.Remove(id, out StoredBlock? block)) continue;
                blocks.Add(block);
                _bytes -= block.Bytes;
                if (id.Owner == Uid) _ownedBytes -= block.Bytes;
            }

            foreach (string operation in _operations.Where(o => _versions.Find(o.Value) is null).Select(o => o.Key).ToList()) _operations.Remove(operation);
            _changes++;
            return (versions, blocks.ToImmutable());
        }
    }

    /// <summary>Records of this memory stand at other places now. What is gone meanwhile is passed over.</summary>
    /// <returns>For each that moved: where it stood and where it stands.</returns>
    public ImmutableArray<Move> Relocate(MemoryRelocation relocation)
    {
        lock (_lock)
        {
            var moves = ImmutableArray.CreateBuilder<Move>();
            foreach (VersionPlace place in relocation.Versions)
            {
                if (_versions.Relocate(place) is RecordLocation from) moves.Add(new Move(LogName.Manifest, from, place.Location));
            }

            foreach (SlicePlace place in relocation.Slices)
            {
                if (RelocateSlice(place) is RecordLocation from) moves.Add(new Move(LogName.Blocks, from, place.Location));
            }

            _changes++;
            return moves.ToImmutable();
        }
    }

    private RecordLocation? RelocateSlice(SlicePlace place)
    {
        if (!_blocks.TryGetValue(place.Slice.Block, out StoredBlock? block)) return null;
        for (int i = 0; i < block.Slices.Length; i++)
        {
            StoredSlice slice = block.Slices[i];
            if (slice.Layer != place.Slice.Layer || slice.Part != place.Slice.Part) continue;
            _blocks[block.Id] = block with { Slices = block.Slices.SetItem(i, slice with { Location = place.Location }) };
            return slice.Location;
        }

        return null;
    }

    private void AddBlock(StoredBlock block)
    {
        _blocks[block.Id] = block;
        _bytes += block.Bytes;
        if (block.Id.Owner != Uid) return;
        _ownedBytes += block.Bytes;
        _lastBlock = Math.Max(_lastBlock, block.Id.Sequence);
    }

    private void RememberOperation(MemoryVersion version)
    {
        // The first version under a key is the answer to every repetition of it.
        if (version.OperationId is string operation) _operations.TryAdd(operation, version.Number);
    }
}

/// <summary>A record that was copied.</summary>
internal readonly record struct Move(LogName Log, RecordLocation From, RecordLocation To);

/// <summary>Words for a log that contradicts itself.</summary>
internal static class IndexDamage
{
    public static LatentDbException Of(string what) => new(ErrorCode.DataDamaged, $"The manifest log contradicts itself: {what}.");
}
