using System.Globalization;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Backup;

/// <summary>
/// Names of objects. Each ends with the epoch of the owner that put it: an owner that was followed by another without knowing it cannot take anything away
/// that the other one put.
/// <code>
/// pieces/shard-0003/ab/ab12...-7            content by its SHA-256
/// points/shard-0003/20261122t041300.1234567z-7       a shard at a moment
/// keys/shard-0003/0000000000000000007-0000000000000000042     in the place of keys, by epoch and number; the greatest counts
/// </code>
/// </summary>
internal static class BackupNames
{
    private const string TimeForm = "yyyyMMdd't'HHmmss.fffffff'z'";

    public static string Folder(string kind, ShardId shard) => $"{kind}/{shard}";

    public static string PieceOf(ShardId shard, ReadOnlySpan<byte> content, Epoch epoch)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(content));
        return $"{Folder(BackupLimits.Pieces, shard)}/{hash[..2]}/{hash}-{epoch.Value}";
    }

    public static string PointOf(ShardId shard, DateTimeOffset at, Epoch epoch) => $"{Folder(BackupLimits.Points, shard)}/{Text(at)}-{epoch.Value}";

    public static string KeysOf(ShardId shard, Epoch epoch, long number) => $"{Folder(BackupLimits.Keys, shard)}/{epoch.Value:D19}-{number:D19}";

    /// <summary>The hash that a piece's name says its content has.</summary>
    public static string HashOf(string piece) => piece[(piece.LastIndexOf('/') + 1)..piece.LastIndexOf('-')];

    /// <summary>The moment of a point; null for what is not one.</summary>
    public static DateTimeOffset? TimeOf(string point)
    {
        string name = point[(point.LastIndexOf('/') + 1)..];
        int dash = name.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && EpochOf(point) is not null && DateTimeOffset.TryParseExact(name[..dash], TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
    }

    /// <summary>Who put a piece or a point, also one that is not finished; null for what is neither.</summary>
    public static long? EpochOf(string name)
    {
        string whole = name.EndsWith(FolderPlace.Unfinished, StringComparison.Ordinal) ? name[..^FolderPlace.Unfinished.Length] : name;
        return long.TryParse(whole.AsSpan(whole.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long epoch) ? epoch : null;
    }

    /// <summary>Who put keys, and as which; null for what is not finished or no keys.</summary>
    public static (long Epoch, long Number)? OrderOfKeys(string name)
    {
        string[] parts = name[(name.LastIndexOf('/') + 1)..].Split('-');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long epoch) && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? (epoch, number)
            : null;
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture);
}
