using System.Globalization;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// Names in a shard's folder, and the only code that makes or deletes what is in it.
/// <code>
/// shard-0000/lock                       held exclusively while open
///            owner                      by whom
///            state                      newest epoch ever raised, epoch that holds the data
///            ep-0000000007/manifest/    header, commit.ab, log.0 ...   written by epoch 7 only
///                          blocks/      the same
/// </code>
/// </summary>
internal sealed class ShardLayout(IDisk disk, string root)
{
    private const string EpochPrefix = "ep-";

    public IDisk Disk => disk;

    public string Root => root;

    public string LockPath => Path.Combine(root, "lock");

    public string OwnerPath => Path.Combine(root, "owner");

    public string StatePath => Path.Combine(root, "state");

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

    /// <summary>Removes an epoch that nothing refers to.</summary>
    public void DeleteEpoch(Epoch epoch)
    {
        disk.DeleteFolder(EpochFolder(epoch));
        disk.SyncFolder(root);
    }
}
