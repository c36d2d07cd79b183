using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;

namespace LatentDb.MemoryStore.Backup;

/// <summary>
/// The files of a shard as they were at one commit, held open: what compaction removes meanwhile can still be read. The order of the reading is what makes
/// them fit together:
/// <code>
/// 1 commit record of the manifest log      all frames below its end count, none above it
/// 2 commit record of the block log         later: so it has every slice that those frames name, because slices are committed before they are named
/// 3 segments opened, up to those ends      logs are only appended to, and no segment is removed between 1 and 3
/// 4 fence                                  this process was the owner at 1, so nobody else has acknowledged anything by then
/// </code>
/// What follows the ends is left out: a frame after the manifest's end could name slices after that of the blocks.
/// </summary>
internal sealed class ShardFiles : IDisposable
{
    private readonly Shard _shard;
    private readonly string _data;
    private readonly List<ShardFile> _files = [];

    private ShardFiles(Shard shard)
    {
        _shard = shard;
        _data = Path.GetDirectoryName(shard.Layout.Root)!;
    }

    public IReadOnlyList<ShardFile> All => _files;

    /// <param name="shard">The open shard.</param>
    /// <param name="others">Small files of the data folder that go with it.</param>
    /// <param name="cancellationToken">Ends the wait for a segment that is being removed.</param>
    /// <exception cref="LatentDbException">stale_owner; data_damaged when a commit record cannot be read.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static async Task<ShardFiles> OpenAsync(Shard shard, IReadOnlyList<string> others, CancellationToken cancellationToken)
    {
        var files = new ShardFiles(shard);
        await shard.FilesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            files.Open();
            foreach (string other in others) files.TryAddSmall(Path.Combine(files._data, other));
            await shard.Fence.CheckAsync().ConfigureAwait(false);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
        finally
        {
            shard.FilesGate.Release();
        }
    }

    public void Dispose()
    {
        foreach (ShardFile file in _files) file.Dispose();
    }

    private void Open()
    {
        foreach (LogName log in (LogName[])[LogName.Manifest, LogName.Blocks])
        {
            string folder = _shard.Layout.LogFolderOf(_shard.Epoch, log);
            byte[] record = _shard.Layout.Disk.ReadAll(LogFolder.CommitPath(folder));
            AddSmall(LogFolder.CommitPath(folder), record);
            AddLog(_shard.Epoch, log, CommitSlots.Read(record).Newest.Until);
        }

        AddServed(_shard.Epoch);
        foreach (Epoch epoch in _shard.Layout.Epochs().Where(e => e.Value < _shard.Epoch.Value))
        {
            AddLog(epoch, LogName.Manifest, long.MaxValue);
            AddLog(epoch, LogName.Blocks, long.MaxValue);
            foreach (LogName log in (LogName[])[LogName.Manifest, LogName.Blocks]) TryAddSmall(LogFolder.CommitPath(_shard.Layout.LogFolderOf(epoch, log)));
            AddServed(epoch);
        }
    }

    private void AddLog(Epoch epoch, LogName log, long until)
    {
        string folder = _shard.Layout.LogFolderOf(epoch, log);
        TryAddSmall(LogFolder.HeaderPath(folder));
        if (!_shard.Epochs.IsReadable(epoch, log)) return;
        long segmentBytes = _shard.Epochs.Get(epoch).Reader(log).Geometry.SegmentBytes;
        foreach (int segment in _shard.Layout.Segments(epoch, log))
        {
            string path = LogFolder.SegmentPath(folder, segment);
            long length = Math.Min(_shard.Layout.Disk.LengthOf(path), until - Math.Min(until, segment * segmentBytes));
            if (length <= 0) continue;
            _files.Add(new ShardFile(NameOf(path), length, _shard.Layout.Disk.Open(path, DiskAccess.Read), null, NameOf(LogFolder.HeaderPath(folder))));
        }
    }

    private void AddServed(Epoch epoch) => TryAddSmall(_shard.Layout.ServedPath(epoch));

    private void TryAddSmall(string path)
    {
        if (_shard.Layout.Disk.FileExists(path)) AddSmall(path, _shard.Layout.Disk.ReadAll(path));
    }

    private void AddSmall(string path, byte[] content) => _files.Add(new ShardFile(NameOf(path), content.Length, null, content, null));

    private string NameOf(string path) => Path.GetRelativePath(_data, path).Replace(Path.DirectorySeparatorChar, '/');
}

/// <summary>One file at that moment.</summary>
/// <param name="Path">In the data folder, with slashes.</param>
/// <param name="Length">Bytes of it that count.</param>
/// <param name="Opened">Where they are read; null for a small file.</param>
/// <param name="Content">All of a small file, which may be another one the next time.</param>
/// <param name="Header">Of a segment: the file whose salt says which log it is. Two segments of one name and one log have the same bytes, as far as both go.</param>
internal sealed record ShardFile(string Path, long Length, IDiskFile? Opened, byte[]? Content, string? Header) : IDisposable
{
    public void Dispose() => Opened?.Dispose();

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int wanted = (int)Math.Min(buffer.Length, Length - offset);
        if (Content is not null) return Content.AsMemory((int)offset, wanted);
        int read = await Opened!.ReadAsync(buffer[..wanted], offset, cancellationToken).ConfigureAwait(false);
        return read == wanted ? buffer[..wanted] : throw new IOException($"{Path} has lost bytes that it had: {wanted} are needed at {offset}, {read} are there.");
    }
}
