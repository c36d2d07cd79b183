using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Ownership;

namespace LatentDb.MemoryStore.Backup;

/// <summary>
/// Makes a data folder of backups. The files are those of the chosen points, the keys the newest that there are: so what was erased since cannot be read, and
/// is taken out of the directory. The file <c>store</c> comes last: a folder with shards and without it is refused, so a restore that was broken off is
/// not taken for a store.
/// </summary>
public sealed class StoreRestorer
{
    private const string MasterKeyFile = "master.key";

    /// <summary>What a new ext4 has in it, and so a new volume.</summary>
    private const string FileSystemFolder = "lost+found";

    private readonly BackupReader _reader;
    private readonly ShardSettings _settings;

    /// <param name="places">Where the backups are.</param>
    public StoreRestorer(BackupPlaces places)
        : this(places, new ShardSettings())
    {
    }

    internal StoreRestorer(BackupPlaces places, ShardSettings settings)
    {
        _reader = new BackupReader(places);
        _settings = settings;
    }

    /// <summary>Restores into a folder that is empty, or has only the master key.</summary>
    /// <param name="data">The folder.</param>
    /// <param name="at">Not later than this; null = the newest.</param>
    /// <param name="cancellationToken">Leaves a folder that is refused; empty it.</param>
    /// <exception cref="LatentDbException">
    /// configuration_invalid: the folder is not empty; data_damaged: there is no such backup, or it is not whole; key_unavailable: the master key is another one.
    /// </exception>
    /// <exception cref="IOException">A place or the disk failed.</exception>
    public async Task<RestoreReport> RunAsync(string data, DateTimeOffset? at, CancellationToken cancellationToken)
    {
        string root = Path.GetFullPath(data);
        _settings.Disk.CreateDurablePath(root);
        if (_settings.Disk.Folders(root).Any(folder => Path.GetFileName(folder) != FileSystemFolder) || _settings.Disk.Files(root).Any(file => Path.GetFileName(file) != MasterKeyFile))
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The folder {root} is not empty; a backup is restored into an empty one, which may have the master key.");
        }

        IReadOnlyList<BackupPoint> points = await _reader.AtAsync(at, cancellationToken).ConfigureAwait(false);
        IMasterKeyProvider master = ShardSet.ReadMasterKeys(root, _settings, isNewStore: false);
        foreach (BackupPoint point in points) await RestoreAsync(root, point, master, cancellationToken).ConfigureAwait(false);
        ShardMap.Finish(_settings.Disk, root, points[0].Shards);
        int erased = await EraseAsync(root, points[0].Shards, cancellationToken).ConfigureAwait(false);
        return new RestoreReport(points.Count, points.Min(point => point.At), points.Max(point => point.At), points.Sum(point => point.Bytes), erased);
    }

    private async Task RestoreAsync(string root, BackupPoint point, IMasterKeyProvider master, CancellationToken cancellationToken)
    {
        var layout = new ShardLayout(_settings.Disk, Path.Combine(root, point.Shard.ToString()));
        _settings.Disk.CreateFolder(layout.Root);
        var folders = new HashSet<string>(StringComparer.Ordinal) { root, layout.Root };
        foreach (BackedUpFile file in point.Files)
        {
            string path = Path.GetFullPath(Path.Combine(root, file.Path));
            if (Path.GetDirectoryName(path) == root && Path.GetFileName(path) is not (MasterKeyFile or ShardMap.FileName))
            {
                await WriteAsync(path, file, DiskAccess.CreatePrivate, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (!path.StartsWith(layout.Root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) throw new LatentDbException(ErrorCode.DataDamaged, $"The backup names the file {file.Path}, which is none of {point.Shard}.");
            string folder = Path.GetDirectoryName(path)!;
            _settings.Disk.CreateFolder(folder);
            for (string at = folder; at.Length > layout.Root.Length; at = Path.GetDirectoryName(at)!) folders.Add(at);
            await WriteAsync(path, file, DiskAccess.CreateNew, cancellationToken).ConfigureAwait(false);
        }

        KeyFilesContent keys = await _reader.ReadKeysAsync(point.Shard, cancellationToken).ConfigureAwait(false);
        keys.WriteTo(_settings.Disk, layout.EpochFolder(point.Epoch));
        await MarkErasedAsync(layout, point.Epoch, master, cancellationToken).ConfigureAwait(false);
        foreach (string folder in folders) _settings.Disk.SyncFolder(folder);

        // Above every epoch that the places know: what this store will put there must count as later.
        long raised = Math.Max(point.Epoch.Value, await _reader.NewestEpochAsync(point.Shard, cancellationToken).ConfigureAwait(false));
        layout.States.Advance(new ShardState(0, new Epoch(raised), point.Epoch), new Epoch(raised), point.Epoch);
    }

    private async Task WriteAsync(string path, BackedUpFile file, DiskAccess access, CancellationToken cancellationToken)
    {
        using IDiskFile target = _settings.Disk.Open(path, access);
        long at = 0;
        foreach (string piece in file.Pieces)
        {
            byte[] content = await _reader.ReadPieceAsync(piece, cancellationToken).ConfigureAwait(false);
            target.Write(content, at);
            at += content.Length;
        }

        target.Sync();
        if (at != file.Length) throw new LatentDbException(ErrorCode.DataDamaged, $"The pieces of {file.Path} have {at} bytes, not {file.Length}.");
    }

    /// <summary>
    /// The keys are newer than the logs: for a memory that was erased since they may have neither key nor mark, and frames without either are damage. So
    /// the logs are looked through for memories that have none, and each gets its mark.
    /// </summary>
    private async Task MarkErasedAsync(ShardLayout layout, Epoch current, IMasterKeyProvider master, CancellationToken cancellationToken)
    {
        Keyring keyring = await Keyring.OpenAsync(layout.Disk, layout.EpochFolder(current), master, cancellationToken).ConfigureAwait(false);
        await using (keyring.ConfigureAwait(false))
        {
            foreach (Epoch epoch in layout.Epochs())
            {
                using EpochLogs logs = EpochLogs.Open(layout, epoch);
                foreach (int segment in layout.Segments(epoch, LogName.Manifest))
                {
                    foreach (MemoryUid uid in await UidsAsync(logs.Manifest, segment, cancellationToken).ConfigureAwait(false))
                    {
                        if (keyring.StateOf(uid) == KeyState.Unknown) await keyring.EraseAsync(uid, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }
    }

    private static async Task<HashSet<MemoryUid>> UidsAsync(SegmentReader log, int segment, CancellationToken cancellationToken)
    {
        var uids = new HashSet<MemoryUid>();
        var scanner = new LogScanner(log, Math.Max(LogGeometry.FirstAddress, segment * log.Geometry.SegmentBytes));
        while (await scanner.MoveNextAsync((segment + 1) * log.Geometry.SegmentBytes, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                FrameHeader header = FrameHeader.Read(scanner.Entry.Span);
                if (header.IsEncrypted && ShardKeys.OwnerOf(header.Kind, header.Memory) == header.Memory && header.Memory != ShardKeys.ShardUid) uids.Add(header.Memory);
            }
            catch (FrameFormatException)
            {
                // Damage that was there before; whoever needs the frame says so.
            }
        }

        return uids;
    }

    /// <summary>Opens the store, which proves that it can be, and ends the memories whose keys are gone.</summary>
    private async Task<int> EraseAsync(string root, int shards, CancellationToken cancellationToken)
    {
        int erased = 0;
        ShardSet set = await ShardSet.OpenAsync(root, shards, _settings, cancellationToken).ConfigureAwait(false);
        await using (set.ConfigureAwait(false))
        {
            foreach (Shard shard in set.Shards)
            {
                foreach (MemoryRef memory in shard.Index.Directory.All().Where(memory => shard.Keys.Keyring.StateOf(memory.Uid) != KeyState.Present))
                {
                    await shard.Commit.EraseAsync(memory.Key, Versions.WriteOrigin.None, cancellationToken).ConfigureAwait(false);
                    erased++;
                }
            }
        }

        return erased;
    }
}

/// <summary>What was restored.</summary>
/// <param name="Shards">How many.</param>
/// <param name="From">The earliest of the shards' points in time.</param>
/// <param name="To">The latest.</param>
/// <param name="Bytes">Of all files.</param>
/// <param name="Erased">Memories that were there at that time and were erased later: they stay erased.</param>
public sealed record RestoreReport(int Shards, DateTimeOffset From, DateTimeOffset To, long Bytes, int Erased);
