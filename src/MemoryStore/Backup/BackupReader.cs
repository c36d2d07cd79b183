using System.Collections.Immutable;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Backup;

/// <summary>What the places hold: the points in time, and whether they are whole.</summary>
/// <param name="places">The places.</param>
public sealed class BackupReader(BackupPlaces places)
{
    /// <summary>All points, the oldest first.</summary>
    /// <exception cref="IOException">The place cannot be read.</exception>
    public async Task<IReadOnlyList<BackupInfo>> ListAsync(CancellationToken cancellationToken)
    {
        var all = new List<BackupInfo>();
        foreach (string name in await PointsAsync(cancellationToken).ConfigureAwait(false))
        {
            BackupPoint? point = await BackupPoints.TryReadAsync(places.Data, name, cancellationToken).ConfigureAwait(false);
            all.Add(new BackupInfo(name, BackupNames.TimeOf(name)!.Value, point?.Shard.Value, point?.Shards, point?.Bytes ?? 0));
        }

        return [.. all.OrderBy(info => info.At).ThenBy(info => info.Name, StringComparer.Ordinal)];
    }

    /// <summary>Reads every piece of every point and the keys, and compares them with what their names say.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What is wrong, a line for each; nothing when all can be restored.</returns>
    /// <exception cref="IOException">A place cannot be read.</exception>
    public async Task<BackupCheck> VerifyAsync(CancellationToken cancellationToken)
    {
        var wrong = ImmutableArray.CreateBuilder<string>();
        var seen = new Dictionary<string, bool>(StringComparer.Ordinal);
        var shards = new HashSet<ShardId>();
        long bytes = 0;
        foreach (string name in await PointsAsync(cancellationToken).ConfigureAwait(false))
        {
            BackupPoint? point = await BackupPoints.TryReadAsync(places.Data, name, cancellationToken).ConfigureAwait(false);
            if (point is null) wrong.Add($"{name} is damaged.");
            foreach (string piece in point?.Pieces ?? [])
            {
                if (!seen.TryGetValue(piece, out bool isWhole))
                {
                    byte[]? content = await places.Data.GetAsync(piece, cancellationToken).ConfigureAwait(false);
                    isWhole = content is not null && IsWhole(piece, content);
                    bytes += content?.Length ?? 0;
                    seen.Add(piece, isWhole);
                }

                if (!isWhole) wrong.Add($"{name} needs {piece}, which is damaged or missing.");
            }

            if (point is not null && shards.Add(point.Shard) && await WrongWithKeysAsync(point.Shard, cancellationToken).ConfigureAwait(false) is string keys) wrong.Add(keys);
        }

        return new BackupCheck(seen.Count, bytes, wrong.ToImmutable());
    }

    /// <summary>For each shard the newest point that is not later than <paramref name="at"/>.</summary>
    /// <exception cref="LatentDbException">data_damaged: a shard has none, or a point cannot be read.</exception>
    internal async Task<IReadOnlyList<BackupPoint>> AtAsync(DateTimeOffset? at, CancellationToken cancellationToken)
    {
        var chosen = new SortedDictionary<int, BackupPoint>();
        foreach (IGrouping<string, string> points in (await PointsAsync(cancellationToken).ConfigureAwait(false)).GroupBy(name => name[..name.LastIndexOf('/')]))
        {
            string? name = points.Where(one => at is null || BackupNames.TimeOf(one) <= at).Max(StringComparer.Ordinal);
            if (name is null) continue;
            BackupPoint point = await BackupPoints.ReadAsync(places.Data, name, cancellationToken).ConfigureAwait(false);
            chosen[point.Shard.Value] = point;
        }

        int shards = chosen.Values.FirstOrDefault()?.Shards ?? throw new LatentDbException(ErrorCode.DataDamaged, at is null ? "There is no backup." : $"There is no backup from {at:O} or before.");
        int[] missing = [.. Enumerable.Range(0, shards).Where(shard => !chosen.ContainsKey(shard))];
        if (missing.Length == 0) return [.. chosen.Values];
        throw new LatentDbException(ErrorCode.DataDamaged, $"Of {shards} shards {missing.Length} have no backup from that time or before, the first is {new ShardId(missing[0])}: choose a later time.");
    }

    /// <summary>The greatest epoch that anybody has put something under.</summary>
    internal async Task<long> NewestEpochAsync(ShardId shard, CancellationToken cancellationToken)
    {
        IEnumerable<string> data = (await places.Data.ListAsync(BackupNames.Folder(BackupLimits.Pieces, shard), cancellationToken).ConfigureAwait(false))
            .Concat(await places.Data.ListAsync(BackupNames.Folder(BackupLimits.Points, shard), cancellationToken).ConfigureAwait(false));
        IReadOnlyList<string> keys = await places.Keys.ListAsync(BackupNames.Folder(BackupLimits.Keys, shard), cancellationToken).ConfigureAwait(false);
        return data.Select(BackupNames.EpochOf).Concat(keys.Select(name => BackupNames.OrderOfKeys(name)?.Epoch)).Max() ?? 0;
    }

    /// <summary>The newest keys of a shard.</summary>
    /// <exception cref="LatentDbException">data_damaged: there are none, or they are damaged.</exception>
    internal async Task<KeyFilesContent> ReadKeysAsync(ShardId shard, CancellationToken cancellationToken)
    {
        string? newest = (await places.Keys.ListAsync(BackupNames.Folder(BackupLimits.Keys, shard), cancellationToken).ConfigureAwait(false))
            .Where(name => BackupNames.OrderOfKeys(name) is not null).Max(StringComparer.Ordinal);
        byte[]? content = newest is null ? null : await places.Keys.GetAsync(newest, cancellationToken).ConfigureAwait(false);
        return KeyFilesContent.Parse(content ?? throw new LatentDbException(ErrorCode.DataDamaged, $"The place of keys has none for {shard}."));
    }

    /// <summary>A piece as it was put.</summary>
    /// <exception cref="LatentDbException">data_damaged.</exception>
    internal async Task<byte[]> ReadPieceAsync(string piece, CancellationToken cancellationToken)
    {
        byte[]? content = await places.Data.GetAsync(piece, cancellationToken).ConfigureAwait(false);
        return content is not null && IsWhole(piece, content) ? content : throw new LatentDbException(ErrorCode.DataDamaged, $"The backup's piece {piece} is damaged or missing; another point in time may not need it.");
    }

    private static bool IsWhole(string piece, byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content)) == BackupNames.HashOf(piece);

    private async Task<string?> WrongWithKeysAsync(ShardId shard, CancellationToken cancellationToken)
    {
        try
        {
            await ReadKeysAsync(shard, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
        {
            return $"{shard}: {e.Message}";
        }
    }

    private async Task<IEnumerable<string>> PointsAsync(CancellationToken cancellationToken) =>
        (await places.Data.ListAsync(BackupLimits.Points, cancellationToken).ConfigureAwait(false))
            .Where(name => BackupNames.TimeOf(name) is not null && !name.EndsWith(FolderPlace.Unfinished, StringComparison.Ordinal));
}

/// <summary>A point in time of a shard.</summary>
/// <param name="Name">Of its object.</param>
/// <param name="At">What was acknowledged before is in it.</param>
/// <param name="Shard">Which; null when the object is damaged.</param>
/// <param name="Shards">Of the store.</param>
/// <param name="Bytes">Of its files.</param>
public sealed record BackupInfo(string Name, DateTimeOffset At, int? Shard, int? Shards, long Bytes);

/// <summary>What a look at all objects found.</summary>
/// <param name="Pieces">That were read.</param>
/// <param name="Bytes">Of them.</param>
/// <param name="Wrong">A line for each thing that is wrong.</param>
public sealed record BackupCheck(int Pieces, long Bytes, ImmutableArray<string> Wrong);
