using System.Collections.Immutable;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Index;

/// <summary>
/// Bytes of each segment that something refers to: what compaction goes by. A hint, never a proof: before a segment is deleted, its frames are
/// compared with the index one by one.
/// </summary>
internal sealed class SegmentUsageTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SegmentId, long> _bytes = [];

    /// <summary>Bytes of a segment file of each log, by epoch; set when the logs are opened.</summary>
    public Func<RecordLocation, LogName, long> SegmentBytes { get; set; } = (_, _) => long.MaxValue;

    public void Add(RecordLocation? location, LogName log) => Change(location, log, 1);

    public void Remove(RecordLocation? location, LogName log) => Change(location, log, -1);

    public void Add(StoredBlock block)
    {
        foreach (StoredSlice slice in block.Slices) Add(slice.Location, LogName.Blocks);
    }

    public void Remove(StoredBlock block)
    {
        foreach (StoredSlice slice in block.Slices) Remove(slice.Location, LogName.Blocks);
    }

    /// <summary>Counts everything that a memory's state refers to.</summary>
    public void Add(MemoryState state)
    {
        foreach (VersionState version in state.Versions) Add(version.Location, LogName.Manifest);
        foreach (OperationState operation in state.Operations) Add(operation.Location, LogName.Manifest);
        foreach (StoredBlock block in state.Blocks) Add(block);
    }

    /// <summary>The reverse of <see cref="Add(MemoryState)"/>.</summary>
    public void Remove(MemoryState state)
    {
        foreach (VersionState version in state.Versions) Remove(version.Location, LogName.Manifest);
        foreach (OperationState operation in state.Operations) Remove(operation.Location, LogName.Manifest);
        foreach (StoredBlock block in state.Blocks) Remove(block);
    }

    public void Remove(ImmutableArray<SegmentUsage> usage)
    {
        lock (_lock)
        {
            foreach (SegmentUsage item in usage) _bytes[item.Segment] = _bytes.GetValueOrDefault(item.Segment) - item.Bytes;
        }
    }

    /// <summary>What a state counts for.</summary>
    public ImmutableArray<SegmentUsage> Of(MemoryState state)
    {
        var table = new SegmentUsageTable { SegmentBytes = SegmentBytes };
        table.Add(state);
        return table.ToArray();
    }

    /// <summary>Takes the counts of a checkpoint in place of all others.</summary>
    public void Load(ImmutableArray<SegmentUsage> usage)
    {
        lock (_lock)
        {
            _bytes.Clear();
            foreach (SegmentUsage item in usage) _bytes[item.Segment] = item.Bytes;
        }
    }

    /// <summary>All segments with live records, in a fixed order.</summary>
    public ImmutableArray<SegmentUsage> ToArray()
    {
        lock (_lock)
        {
            return
            [
                .. _bytes.Where(b => b.Value > 0)
                    .OrderBy(b => b.Key.Epoch.Value).ThenBy(b => b.Key.Log).ThenBy(b => b.Key.Segment)
                    .Select(b => new SegmentUsage(b.Key, b.Value)),
            ];
        }
    }

    public long BytesOf(SegmentId segment)
    {
        lock (_lock) return _bytes.GetValueOrDefault(segment);
    }

    private void Change(RecordLocation? location, LogName log, int sign)
    {
        if (location is null || location.IsNowhere) return;
        long segmentBytes = SegmentBytes(location, log);
        int partBytes = Math.Max(1, location.Bytes / location.Addresses.Length);
        lock (_lock)
        {
            foreach (long address in location.Addresses)
            {
                var segment = new SegmentId(location.Epoch, log, (int)(address / segmentBytes));
                _bytes[segment] = _bytes.GetValueOrDefault(segment) + (sign * (long)Frame.Length(Frame.StoredBytes(partBytes, isEncrypted: true)));
            }
        }
    }
}
