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
    private readonly List<VersionState> _versions;
    private readonly SortedDictionary<string, Snapshot> _snapshots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VersionNumber> _operations = new(StringComparer.Ordinal);
    private readonly List<StoredBlock> _blocks;
    private long _ownedBytes;
    private long _lastBlock;
    private bool _isDeleted;

    public MemoryEntry(MemoryState state)
    {
        Uid = state.Uid;
        Key = state.Key;
        CreatedAt = state.CreatedAt;
        Metadata = state.Metadata;
        _versions = [.. state.Versions];
        _blocks = [.. state.Blocks];
        _ownedBytes = state.Blocks.Sum(b => b.Bytes);
        _lastBlock = state.Blocks.Select(b => b.Id.Sequence).DefaultIfEmpty(0).Max();
        foreach (Snapshot snapshot in state.Snapshots) _snapshots.Add(snapshot.Name.Value, snapshot);
        foreach (VersionState version in state.Versions) Remember(version.Version);
    }

    public MemoryUid Uid { get; }

    public MemoryKey Key { get; }

    public HybridTimestamp CreatedAt { get; }

    public string? Metadata { get; }

    public bool IsDeleted
    {
        get
        {
            lock (_lock) return _isDeleted;
        }
    }

    public VersionState Head
    {
        get
        {
            lock (_lock) return _versions[^1];
        }
    }

    /// <summary>Bytes of the blocks that the memory wrote itself.</summary>
    public long OwnedBytes
    {
        get
        {
            lock (_lock) return _ownedBytes;
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
        lock (_lock) return new MemoryState(Uid, Key, CreatedAt, Metadata, [.. _versions], [.. _snapshots.Values], [.. _blocks]);
    }

    public VersionState? Find(VersionNumber number)
    {
        // Versions are numbered without gaps from 1, so the number is the place.
        lock (_lock) return number.Value >= 1 && number.Value <= _versions.Count ? _versions[(int)(number.Value - 1)] : null;
    }

    /// <summary>The newest version committed at or before that time, or null when the memory did not exist yet.</summary>
    public VersionState? FindAt(HybridTimestamp time)
    {
        lock (_lock)
        {
            int low = 0;
            int high = _versions.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (_versions[middle].Version.CommittedAt <= time) low = middle + 1;
                else high = middle;
            }

            return low == 0 ? null : _versions[low - 1];
        }
    }

    public MemoryVersion? FindOperation(string operationId)
    {
        lock (_lock) return _operations.TryGetValue(operationId, out VersionNumber number) ? _versions[(int)(number.Value - 1)].Version : null;
    }

    public ImmutableArray<MemoryVersion> List(int limit, VersionNumber? before)
    {
        lock (_lock)
        {
            int end = before is VersionNumber b ? (int)Math.Clamp(b.Value - 1, 0, _versions.Count) : _versions.Count;
            int start = Math.Max(0, end - limit);
            var versions = ImmutableArray.CreateBuilder<MemoryVersion>(end - start);
            for (int i = end - 1; i >= start; i--) versions.Add(_versions[i].Version);
            return versions.MoveToImmutable();
        }
    }

    public Snapshot? FindSnapshot(SnapshotName name)
    {
        lock (_lock) return _snapshots.GetValueOrDefault(name.Value);
    }

    public ImmutableArray<Snapshot> Snapshots()
    {
        lock (_lock) return [.. _snapshots.Values];
    }

    public void Add(VersionState version, ImmutableArray<StoredBlock> blocks)
    {
        lock (_lock)
        {
            long expected = _versions.Count + 1;
            if (version.Version.Number.Value != expected) throw Damaged($"version {version.Version.Number} of {Key} follows version {expected - 1}");
            if (_versions.Count > 0 && version.Version.CommittedAt <= _versions[^1].Version.CommittedAt) throw Damaged($"version {expected} of {Key} is not later than the one before");
            _versions.Add(version);
            _blocks.AddRange(blocks);
            _ownedBytes += blocks.Sum(b => b.Bytes);
            foreach (StoredBlock block in blocks) _lastBlock = Math.Max(_lastBlock, block.Id.Sequence);
            Remember(version.Version);
        }
    }

    public void Add(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (!_snapshots.TryAdd(snapshot.Name.Value, snapshot)) throw Damaged($"snapshot {snapshot.Name} of {Key} exists twice");
        }
    }

    public void RemoveSnapshot(SnapshotName name)
    {
        lock (_lock)
        {
            if (!_snapshots.Remove(name.Value)) throw Damaged($"snapshot {name} of {Key} is deleted, but was not created");
        }
    }

    public void MarkDeleted()
    {
        lock (_lock) _isDeleted = true;
    }

    /// <summary>A version's record was copied to another place.</summary>
    public void Relocate(VersionNumber number, RecordLocation location)
    {
        lock (_lock) _versions[(int)(number.Value - 1)] = _versions[(int)(number.Value - 1)] with { Location = location };
    }

    /// <summary>A block was copied to another place.</summary>
    public void Relocate(StoredBlock block)
    {
        lock (_lock) _blocks[_blocks.FindIndex(b => b.Id == block.Id)] = block;
    }

    private void Remember(MemoryVersion version)
    {
        // The first version under a key is the answer to every repetition of it.
        if (version.OperationId is string operation) _operations.TryAdd(operation, version.Number);
    }

    private static LatentDbException Damaged(string what) => new(ErrorCode.DataDamaged, $"The manifest log contradicts itself: {what}.");
}
