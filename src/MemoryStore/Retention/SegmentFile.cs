using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;

namespace LatentDb.MemoryStore.Retention;

/// <summary>A segment file as compaction sees it.</summary>
/// <param name="Id">Which one.</param>
/// <param name="FileBytes">Its length on disk.</param>
/// <param name="LiveBytes">Bytes in it that something refers to.</param>
/// <param name="IsComplete">True when nothing is written to it any more and no running transaction has staged records in it.</param>
internal readonly record struct SegmentFile(SegmentId Id, long FileBytes, long LiveBytes, bool IsComplete)
{
    public double LiveShare => FileBytes == 0 ? 0 : (double)LiveBytes / FileBytes;

    /// <summary>All segment files of a shard.</summary>
    public static List<SegmentFile> List(Shard shard)
    {
        var files = new List<SegmentFile>();
        foreach (LogName log in new[] { LogName.Blocks, LogName.Manifest })
        {
            foreach (Identity.Epoch epoch in shard.Layout.Epochs().Where(e => e.Value <= shard.Epoch.Value))
            {
                foreach (int segment in shard.Layout.Segments(epoch, log)) files.Add(Of(shard, new SegmentId(epoch, log, segment)));
            }
        }

        return files;
    }

    private static SegmentFile Of(Shard shard, SegmentId id)
    {
        string path = LogFolder.SegmentPath(shard.Layout.LogFolderOf(id.Epoch, id.Log), id.Segment);
        return new SegmentFile(id, Math.Max(0, shard.Layout.Disk.LengthOf(path)), shard.Index.Usage.BytesOf(id), IsDone(shard, id));
    }

    private static bool IsDone(Shard shard, SegmentId id)
    {
        if (id.Epoch != shard.Epoch) return true;
        long end = (id.Segment + 1) * shard.Epochs.Get(id.Epoch).Reader(id.Log).Geometry.SegmentBytes;
        long safe = id.Log == LogName.Blocks ? shard.BlockLog.CommittedAddress : shard.ManifestLog.CheckpointAddress;
        return end <= shard.Stagings.Floor(id.Log, safe);
    }
}
