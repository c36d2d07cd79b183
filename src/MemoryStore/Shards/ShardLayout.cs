using System.Globalization;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Ownership;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// Names in a shard's folder, and the only code that makes or deletes what is in it.
/// <code>
/// shard-0000/lock                       held exclusively while open
///            owner                      by whom
///            state                      where the history of states begins
///            state-0000000042           newest epoch ever raised, epoch that holds the data; the highest number counts
///            ep-0000000007/served       made when the epoch became current
///                          manifest/    header, commit.ab, log.0 ...   written by epoch 7 only
///                          blocks/      the same
///                          keys.*       the keys of its memories; only in the newest epoch
/// </code>
/// </summary>
internal sealed class ShardLayout(IDisk disk, string root)
{
    private const string EpochPrefix = "ep-";
    private const string SegmentPrefix = "log.";
    private const int DeleteAttempts = 5;

    public IDisk Disk => disk;

    public string Root => root;

    public string LockPath => Path.Combine(root, "lock");

    public string OwnerPath => Path.Combine(root, "owner");

    public ShardStates States { get; } = new(disk, root);

    public string EpochFolder(Epoch epoch) => Path.Combine(root, EpochPrefix + epoch.Value.ToString("D10", CultureInfo.InvariantCulture));

    public string ManifestFolder(Epoch epoch) => Path.Combine(EpochFolder(epoch), "manifest");

    public string BlocksFolder(Epoch epoch) => Path.Combine(EpochFolder(epoch), "blocks");

    /// <summary>The epochs that have a folder, ascending.</summary>
    public IReadOnlyList<Epoch> Epochs() =>
    [
        .. disk.Folders(root)
            .Select(path => Path.GetFileName(path))
            .Where(name => name.StartsWith(EpochPrefix, StringComparison.Ordinal))
            .Select(name => name[EpochPrefix.Length..])
            .Where(name => name.All(char.IsAsciiDigit))
            .Select(name => long.Parse(name, CultureInfo.InvariantCulture))
            .Order()
            .Select(number => new Epoch(number)),
    ];

    public void CreateEpoch(Epoch epoch) => disk.CreateDurableFolder(EpochFolder(epoch));

    /// <summary>Says in the epoch's own folder that it became current, so that nobody takes it for an unfinished opening if the newest state is lost.</summary>
    public void MarkServed(Epoch epoch) => disk.Create(ServedPath(epoch), []);

    public string ServedPath(Epoch epoch) => Path.Combine(EpochFolder(epoch), "served");

    public bool IsServed(Epoch epoch) => disk.FileExists(ServedPath(epoch));

    public string LogFolderOf(Epoch epoch, LogName log) => log == LogName.Manifest ? ManifestFolder(epoch) : BlocksFolder(epoch);

    /// <summary>Numbers of the segment files of a log, ascending.</summary>
    public IReadOnlyList<int> Segments(Epoch epoch, LogName log)
    {
        string folder = LogFolderOf(epoch, log);
        if (!disk.FolderExists(folder)) return [];
        return
        [
            .. disk.Files(folder)
                .Select(path => Path.GetFileName(path))
                .Where(name => name.StartsWith(SegmentPrefix, StringComparison.Ordinal) && name.AsSpan(SegmentPrefix.Length).ContainsAnyExceptInRange('0', '9') == false)
                .Select(name => int.Parse(name.AsSpan(SegmentPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture))
                .Order(),
        ];
    }

    /// <summary>Removes a segment that nothing refers to.</summary>
    public void DeleteSegment(SegmentId segment)
    {
        string folder = LogFolderOf(segment.Epoch, segment.Log);
        disk.DeleteFile(LogFolder.SegmentPath(folder, segment.Segment));
        disk.SyncFolder(folder);
    }

    /// <summary>Removes an epoch that nothing refers to.</summary>
    public void DeleteEpoch(Epoch epoch)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                disk.DeleteFolder(EpochFolder(epoch));
                break;
            }
            catch (IOException) when (attempt < DeleteAttempts && disk.FolderExists(EpochFolder(epoch)))
            {
                // A stale opener has just made a file in it; the next one it cannot make, because its folders go first.
            }
        }

        disk.SyncFolder(root);
    }
}
