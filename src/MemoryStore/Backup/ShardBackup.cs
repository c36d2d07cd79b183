using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Backup;

/// <summary>
/// One pass over one shard. What the newest point has of a log is not read again; the rest is cut into pieces named by their content.
/// <code>
/// step                                                    if this process ends right after it
/// 1 files opened as of one commit                         nothing
/// 2 pieces that no point has yet are put                  objects that nothing names; the next pass puts them again or removes them
/// 3 keys are read and put                                 earlier points are read with newer keys: all of theirs that are left
/// 4 earlier keys are overwritten and removed              the same; several copies of keys until the next pass
/// 5 the point is put: from here on it can be restored     the new point
/// 6 points that are too old are removed, then pieces      garbage, removed by a later pass
/// </code>
/// The keys of 3 are read after the files of 1: so they have every key that the point needs, but for memories that were erased meanwhile.
/// </summary>
internal sealed class ShardBackup(Shard shard, int shards, BackupPlaces places, BackupSettings settings)
{
    private readonly Throttle _throttle = new(settings.BytesPerSecond, settings.Time);

    /// <exception cref="LatentDbException">stale_owner, data_damaged.</exception>
    /// <exception cref="IOException">A place or the disk failed.</exception>
    public async Task<BackupReport> RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names = await places.Data.ListAsync(BackupNames.Folder(BackupLimits.Points, shard.Id), cancellationToken).ConfigureAwait(false);
        string? newest = BackupPoints.Newest(names, shard.Id);
        BackupPoint? before = newest is null ? null : await BackupPoints.TryReadAsync(places.Data, newest, cancellationToken).ConfigureAwait(false);
        DateTimeOffset at = settings.Time.GetUtcNow();
        if (newest is not null && BackupNames.TimeOf(newest) is DateTimeOffset last && at <= last) at = last.AddTicks(1);

        var writer = new PieceWriter(places.Data, shard.Id, shard.Epoch, before, _throttle);
        using (ShardFiles files = await ShardFiles.OpenAsync(shard, shard.Id.Value == 0 ? settings.Files : [], cancellationToken).ConfigureAwait(false))
        {
            foreach (ShardFile file in files.All) await writer.AddAsync(file, cancellationToken).ConfigureAwait(false);
        }

        await PutKeysAsync(cancellationToken).ConfigureAwait(false);
        var point = new BackupPoint(shard.Id, shards, shard.Epoch, at, writer.Files);
        await shard.Fence.CheckAsync().ConfigureAwait(false);
        if (!await places.Data.PutIfAbsentAsync(BackupNames.PointOf(shard.Id, at, shard.Epoch), point.ToBytes(), cancellationToken).ConfigureAwait(false))
        {
            throw Shared();
        }

        int removed = await new BackupCollector(places.Data, shard, settings).RunAsync(settings.Clock.Now, cancellationToken).ConfigureAwait(false);
        return new BackupReport(at, writer.PutBytes, point.Bytes, removed);
    }

    private async Task PutKeysAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> earlier = await places.Keys.ListAsync(BackupNames.Folder(BackupLimits.Keys, shard.Id), cancellationToken).ConfigureAwait(false);
        long number = earlier.Select(BackupNames.OrderOfKeys).Where(order => order?.Epoch == shard.Epoch.Value).Max(order => order?.Number) ?? 0;
        KeyFilesContent keys = await KeyFilesContent.ReadAsync(shard.Keys.Keyring, cancellationToken).ConfigureAwait(false);
        await shard.Fence.CheckAsync().ConfigureAwait(false);
        string name = BackupNames.KeysOf(shard.Id, shard.Epoch, number + 1);
        if (!await places.Keys.PutIfAbsentAsync(name, keys.ToBytes(), cancellationToken).ConfigureAwait(false)) throw Shared();

        // Never later ones: those are of an owner that has followed.
        foreach (string other in earlier.Where(other => string.CompareOrdinal(other, name) < 0)) await places.Keys.DeleteAsync(other, cancellationToken).ConfigureAwait(false);
    }

    private IOException Shared() => new($"Another server puts backups of {shard.Id} under the same epoch: do two stores have the same place?");
}

/// <summary>How backups are made.</summary>
/// <param name="Time">Names the points.</param>
/// <param name="Keep">Points that are older are removed, but for the newest two.</param>
/// <param name="BytesPerSecond">That a pass may read; 0 = as fast as it goes.</param>
internal sealed record BackupSettings(TimeProvider Time, TimeSpan Keep, long BytesPerSecond = BackupLimits.BytesPerSecond)
{
    /// <summary>For what is too old: a wall clock that jumps removes nothing.</summary>
    public SteadyClock Clock { get; } = new(Time);

    /// <summary>Files of the data folder itself that go with the first shard; each is replaced as a whole when it changes.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];
}

/// <summary>What a pass over a shard did.</summary>
/// <param name="At">The point in time that can be restored since.</param>
/// <param name="PutBytes">Bytes that were not there before.</param>
/// <param name="Bytes">Bytes of the shard.</param>
/// <param name="Removed">Objects that nothing needed any more.</param>
internal sealed record BackupReport(DateTimeOffset At, long PutBytes, long Bytes, int Removed);
