using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>What one scrub has found and counted so far. One caller at a time.</summary>
internal sealed class ScrubFindings
{
    private readonly Dictionary<(DamageKind, DamagePlace), StoreDamage> _damages = [];
    private readonly List<DamagedRecord> _records = [];
    private readonly List<string> _skipped = [];
    private long _count;

    public long Memories { get; set; }

    public long Versions { get; set; }

    public long Slices { get; set; }

    public long Frames { get; set; }

    public long KeySlots { get; set; }

    public long Bytes { get; set; }

    /// <summary>Something was not checked.</summary>
    public void Skip(string what) => _skipped.Add(what);

    /// <summary>Takes in what was found elsewhere in the store.</summary>
    public void Add(ScrubFindings other)
    {
        _records.AddRange(other._records);
        _skipped.AddRange(other._skipped);
        foreach (StoreDamage damage in other._damages.Values) Add(damage);
        _count += other._count - other._damages.Count;
        Memories += other.Memories;
        Versions += other.Versions;
        Slices += other.Slices;
        Frames += other.Frames;
        KeySlots += other.KeySlots;
        Bytes += other.Bytes;
    }

    /// <summary>Adds a damage; the same place found again for another memory adds only who needs it.</summary>
    /// <param name="damage">What was found.</param>
    /// <param name="record">The record that could not be read, when it is one.</param>
    public void Add(StoreDamage damage, RecordLocation? record = null)
    {
        if (record is not null && _records.Count < IntegrityLimits.MaxDamages) _records.Add(new DamagedRecord(damage, record));
        if (_damages.TryGetValue((damage.Kind, damage.Place), out StoreDamage? known))
        {
            ImmutableArray<DamageNeed> more = [.. damage.Needs.Where(n => !known.Needs.Any(k => k.Memory == n.Memory))];
            _damages[(damage.Kind, damage.Place)] = known with { Needs = [.. known.Needs, .. more], KeepsShardFromOpening = known.KeepsShardFromOpening || damage.KeepsShardFromOpening };
            return;
        }

        _count++;
        if (_damages.Count < IntegrityLimits.MaxDamages) _damages.Add((damage.Kind, damage.Place), damage);
    }

    public ScrubReport ToReport(double seconds) => new(
        [.. _damages.Values.Select(WithNeeds).OrderBy(d => !d.KeepsShardFromOpening).ThenBy(d => d.Place.Shard).ThenBy(d => d.Kind)],
        _count,
        [.. _skipped],
        new ScrubTotals(Memories, Versions, Slices, Frames, KeySlots, Bytes),
        seconds);

    /// <summary>A bad frame is needed by whoever needs the record that it is part of.</summary>
    private StoreDamage WithNeeds(StoreDamage damage)
    {
        if (damage.Kind is not (DamageKind.Frame or DamageKind.SegmentMissing)) return damage;
        ImmutableArray<DamageNeed> needs =
        [
            .. _records.Where(r => r.IsAt(damage))
                .SelectMany(r => r.Damage.Needs)
                .GroupBy(n => n.Memory, StringComparer.Ordinal)
                .Select(g => new DamageNeed(g.Key, VersionSpans.Union(g.SelectMany(n => n.Versions)))),
        ];
        return damage with { Needs = needs };
    }

    private sealed record DamagedRecord(StoreDamage Damage, RecordLocation Record)
    {
        public bool IsAt(StoreDamage other)
        {
            if (Damage.Place.Shard != other.Place.Shard || Record.Epoch.Value != other.Place.Epoch || Damage.Place.Log != other.Place.Log) return false;
            return other.Kind == DamageKind.SegmentMissing
                ? Damage.Place.Segment == other.Place.Segment
                : other.Place.Address is long address && Record.Addresses.Contains(address);
        }
    }
}

/// <summary>Places in words that a report can hold.</summary>
internal static class Places
{
    /// <summary>The frame of a record that could not be read; its first one when it is not known which.</summary>
    public static DamagePlace Of(Shard shard, LogName log, RecordLocation location, long? address = null)
    {
        long at = address ?? location.Addresses[0];
        long segmentBytes = shard.Epochs.SegmentBytesOf(location, log);
        return InLog(shard.Id, location.Epoch, log, (int)(at / segmentBytes), at);
    }

    public static DamagePlace InLog(ShardId shard, Epoch epoch, LogName log, int? segment, long? address)
    {
        string folder = $"{shard}/{FolderOf(epoch)}/{NameOf(log)}";
        return new DamagePlace(shard.Value, epoch.Value, NameOf(log), segment, address, segment is int number ? $"{folder}/log.{number}" : folder);
    }

    public static DamagePlace InFile(ShardId? shard, Epoch? epoch, LogName? log, string file, long? address = null)
    {
        string path = string.Join('/', new[] { shard?.ToString(), epoch is Epoch e ? FolderOf(e) : null, log is LogName l ? NameOf(l) : null, file }.Where(p => p is not null));
        return new DamagePlace(shard?.Value ?? -1, epoch?.Value, log is LogName name ? NameOf(name) : null, null, address, path);
    }

    public static string NameOf(LogName log) => log == LogName.Manifest ? "manifest" : "blocks";

    private static string FolderOf(Epoch epoch) => $"ep-{epoch.Value:D10}";
}
