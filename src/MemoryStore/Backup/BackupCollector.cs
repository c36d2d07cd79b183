using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards;

namespace LatentDb.MemoryStore.Backup;

/// <summary>
/// Removes points that are too old, then the pieces that no point names. Only its owner does it for a shard, between two passes; an owner that was followed
/// without knowing it may still be at it, so each removes only what it or an earlier one has put.
/// </summary>
/// <remarks>
/// Why a piece that somebody needs is never removed: points name pieces that they have put, under their own epoch, and pieces that an earlier point names.
/// The listing of pieces comes before the reading of points, so whatever an owner of this epoch or an earlier one has put and named is named by what is read.
/// A later owner builds upon a point that was among the newest when he looked, and those stay.
/// </remarks>
internal sealed class BackupCollector(IObjectPlace place, Shard shard, BackupSettings settings)
{
    /// <returns>Objects removed.</returns>
    public async Task<int> RunAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> pieces = await place.ListAsync(BackupNames.Folder(BackupLimits.Pieces, shard.Id), cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> all = await place.ListAsync(BackupNames.Folder(BackupLimits.Points, shard.Id), cancellationToken).ConfigureAwait(false);
        List<string> points = [.. BackupPoints.Of(all, shard.Id)];
        var named = new HashSet<string>(StringComparer.Ordinal);
        var old = new List<string>();
        foreach ((int index, string name) in points.Index())
        {
            bool isKept = index >= points.Count - BackupLimits.KeptPoints || BackupNames.TimeOf(name) > now - settings.Keep || BackupNames.EpochOf(name) > shard.Epoch.Value;
            if (!isKept) old.Add(name);
            else if (await NamesAsync(name, cancellationToken).ConfigureAwait(false) is { } needed) named.UnionWith(needed);
            else return 0;
        }

        // An unfinished object is nobody's who could still finish it: this owner puts nothing meanwhile.
        List<string> gone = [.. pieces.Concat(all.Where(name => name.EndsWith(FolderPlace.Unfinished, StringComparison.Ordinal))).Where(name => !named.Contains(name) && BackupNames.EpochOf(name) <= shard.Epoch.Value)];
        foreach (string name in old.Concat(gone))
        {
            await shard.Fence.CheckAsync().ConfigureAwait(false);
            await place.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
        }

        return old.Count + gone.Count;
    }

    /// <summary>Null when the point cannot be read: nobody knows then what it needs, and nothing is removed.</summary>
    private async Task<IEnumerable<string>?> NamesAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await BackupPoints.ReadAsync(place, name, cancellationToken).ConfigureAwait(false)).Pieces;
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged || e.Code == ErrorCode.UnsupportedFormat)
        {
            return null;
        }
    }
}
