using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Backup;

/// <summary>Reading of points.</summary>
internal static class BackupPoints
{
    /// <summary>Names of the finished points of a shard, the oldest first.</summary>
    public static IEnumerable<string> Of(IEnumerable<string> names, ShardId shard) =>
        names.Where(name => name.StartsWith(BackupNames.Folder(BackupLimits.Points, shard) + "/", StringComparison.Ordinal) && BackupNames.TimeOf(name) is not null
            && !name.EndsWith(FolderPlace.Unfinished, StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public static string? Newest(IEnumerable<string> names, ShardId shard) => Of(names, shard).LastOrDefault();

    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static async Task<BackupPoint> ReadAsync(IObjectPlace place, string name, CancellationToken cancellationToken) => BackupPoint.Parse(
        await place.GetAsync(name, cancellationToken).ConfigureAwait(false) ?? throw new LatentDbException(ErrorCode.DataDamaged, $"The backup {name} is gone."), name);

    /// <summary>Null when it cannot be read: then the next one is made without it.</summary>
    public static async Task<BackupPoint?> TryReadAsync(IObjectPlace place, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(place, name, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
        {
            return null;
        }
    }
}
