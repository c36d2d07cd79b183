using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Which shard a memory belongs to. The count is fixed when the data folder is made, and recorded there.</summary>
internal sealed class ShardMap
{
    public const string FileName = "store";
    private const string Title = "latentdb-store 2";
    private const string TitleBeforeRelease = "latentdb-store 1";

    private ShardMap(int count) => Count = count;

    public int Count { get; }

    public ShardId ShardOf(MemoryKey key) => ShardId.Of(key, Count);

    /// <summary>True when the folder holds a store.</summary>
    public static bool Exists(IDisk disk, string data) => disk.FileExists(Path.Combine(data, FileName));

    /// <summary>Reads the count of an existing data folder, or makes the folder with the wanted one.</summary>
    /// <exception cref="LatentDbException">configuration_invalid when the folder has another count; unsupported_format; data_damaged.</exception>
    public static ShardMap Open(IDisk disk, string data, int wanted)
    {
        string path = Path.Combine(data, FileName);
        if (!disk.FileExists(path)) return Create(disk, data, path, wanted);
        string[] lines = Encoding.ASCII.GetString(disk.ReadAll(path)).Split('\n');
        if (lines.Length != 4 || lines[2] != Seal(lines[0], lines[1]) || !lines[1].StartsWith("shards ", StringComparison.Ordinal))
        {
            throw new LatentDbException(ErrorCode.DataDamaged, $"The file '{FileName}' in the data folder is damaged.");
        }

        if (lines[0] != Title) throw Unsupported(lines[0]);
        int count = int.Parse(lines[1].AsSpan("shards ".Length), NumberStyles.None, CultureInfo.InvariantCulture);
        if (count == wanted) return new ShardMap(count);
        throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The data folder was made with {count} shards; the options say {wanted}. The count cannot change.");
    }

    private static ShardMap Create(IDisk disk, string data, string path, int count)
    {
        disk.CreateDurablePath(data);
        if (disk.Folders(data).Any(folder => Path.GetFileName(folder).StartsWith("shard-", StringComparison.Ordinal)))
        {
            throw new LatentDbException(ErrorCode.DataDamaged, $"The data folder holds shards, but its file '{FileName}' is missing.");
        }

        return Publish(disk, data, path, count) ? new ShardMap(count) : Open(disk, data, count);
    }

    /// <summary>Ends the restoring of a folder: from here on its shards are a store.</summary>
    public static void Finish(IDisk disk, string data, int count) => Publish(disk, data, Path.Combine(data, FileName), count);

    private static bool Publish(IDisk disk, string data, string path, int count)
    {
        string shards = $"shards {count}";
        string temporary = $"{path}.tmp-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        disk.Create(temporary, Encoding.ASCII.GetBytes($"{Title}\n{shards}\n{Seal(Title, shards)}\n"));
        if (!disk.TryPublish(temporary, path))
        {
            // Another process that shares the folder made it at the same moment.
            disk.DeleteFile(temporary);
            return false;
        }

        disk.SyncFolder(data);
        return true;
    }

    private static LatentDbException Unsupported(string title) => new(
        ErrorCode.UnsupportedFormat,
        title == TitleBeforeRelease
            ? $"The data folder has format '{title}', which a development version wrote before the first release; this program reads '{Title}'. Start with an empty folder."
            : $"The data folder has format '{title}'; this program reads '{Title}'.");

    private static string Seal(string title, string shards) => $"crc32c {Checksum.Crc32C(Encoding.ASCII.GetBytes($"{title}\n{shards}\n")):x8}";
}
