using System.Collections.Immutable;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Frames;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>Tells an operator what the store looks like now. Reads names and lengths of files, but none of the data; changes nothing.</summary>
public sealed class StoreInspector
{
    private readonly Func<ShardSet> _shards;
    private readonly StoreKeys _keys;

    internal StoreInspector(Func<ShardSet> shards, StoreKeys keys)
    {
        _shards = shards;
        _keys = keys;
    }

    /// <summary>The sums of all shards.</summary>
    public StoreStats Stats()
    {
        ShardSet set = _shards();
        (long memories, long live, long files) = (0, 0, 0);
        foreach (Shard shard in set.Shards)
        {
            memories += shard.Index.Directory.Count;
            live += shard.Index.Usage.ToArray().Sum(u => u.Bytes);
            files += shard.Layout.Epochs().Sum(epoch => FileBytesOf(shard, epoch, LogName.Manifest) + FileBytesOf(shard, epoch, LogName.Blocks));
        }

        string? failure = set.Shards.Select(shard => shard.Failure).FirstOrDefault(f => f is not null)?.Message;
        return new StoreStats(set.Count, memories, live, files, set.Settings.Disk.FreeBytes(set.Root), failure);
    }

    /// <summary>Every shard in detail.</summary>
    public Task<StoreInspection> InspectAsync(CancellationToken cancellationToken)
    {
        ShardSet set = _shards();
        return Task.Run(
            () =>
            {
                var shards = ImmutableArray.CreateBuilder<ShardInspection>(set.Count);
                foreach (Shard shard in set.Shards)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    shards.Add(Inspect(shard));
                }

                return new StoreInspection(set.Root, FrameHeader.FormatVersion, Stats(), _keys.ListMasterKeys(), shards.ToImmutable());
            },
            cancellationToken);
    }

    private static ShardInspection Inspect(Shard shard) => new(
        shard.Id.Value,
        shard.Epoch.Value,
        shard.Failure?.Message,
        shard.Failure?.Code.Name,
        shard.Index.Directory.Count,
        [.. shard.Index.Genesis.Select(g => g.Fingerprint.Value)],
        shard.Index.Pages.Places.Length,
        CheckpointOf(shard),
        KeysOf(shard.Keys.Keyring),
        [.. shard.Layout.Epochs().Where(e => e.Value <= shard.Epoch.Value).Select(e => new EpochInspection(e.Value, e == shard.Epoch, Inspect(shard, e, LogName.Manifest), Inspect(shard, e, LogName.Blocks)))]);

    private static CheckpointInspection CheckpointOf(Shard shard)
    {
        try
        {
            CommitSlot newest = CommitSlots.Read(shard.Layout.Disk, LogFolder.CommitPath(shard.Layout.ManifestFolder(shard.Epoch))).Newest;
            (LogSeal seal, CheckpointMark mark) = LogCookie.Read(newest);
            return new CheckpointInspection(mark.Address, seal.Sequence - mark.Sequence, seal.Address - mark.Address);
        }
        catch (LatentDbException e) when (e.IsDamage())
        {
            return new CheckpointInspection(-1, 0, 0);
        }
    }

    private static KeyInspection KeysOf(Keyring keyring) =>
        new(keyring.Memories().Length, keyring.Marks().Length, keyring.LostSlots, keyring.DamagedCopies, keyring.Failure?.Message);

    private static LogInspection Inspect(Shard shard, Epoch epoch, LogName log)
    {
        ImmutableArray<SegmentInspection> segments = [.. shard.Layout.Segments(epoch, log).Select(s => Inspect(shard, new SegmentId(epoch, log, s)))];
        LogGeometry? geometry = GeometryOf(shard, epoch, log);
        return new LogInspection(
            geometry?.PageBytes ?? 0,
            geometry?.SegmentBytes ?? 0,
            segments.Sum(s => s.FileBytes),
            segments.Sum(s => s.LiveBytes),
            segments.Length <= IntegrityLimits.MaxSegments ? segments : segments[..IntegrityLimits.MaxSegments]);
    }

    private static SegmentInspection Inspect(Shard shard, SegmentId id)
    {
        string path = LogFolder.SegmentPath(shard.Layout.LogFolderOf(id.Epoch, id.Log), id.Segment);
        return new SegmentInspection(id.Segment, Math.Max(0, shard.Layout.Disk.LengthOf(path)), shard.Index.Usage.BytesOf(id));
    }

    private static LogGeometry? GeometryOf(Shard shard, Epoch epoch, LogName log)
    {
        try
        {
            return shard.Epochs.Get(epoch).Reader(log).Geometry;
        }
        catch (LatentDbException e) when (e.IsDamage())
        {
            return null;
        }
    }

    private static long FileBytesOf(Shard shard, Epoch epoch, LogName log) => shard.Layout.Segments(epoch, log)
        .Sum(s => Math.Max(0, shard.Layout.Disk.LengthOf(LogFolder.SegmentPath(shard.Layout.LogFolderOf(epoch, log), s))));
}
