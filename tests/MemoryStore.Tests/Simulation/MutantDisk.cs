using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>A disk that passes everything on, but for what its kind of mutant gets wrong.</summary>
internal class MutantDisk(IDisk inner) : IDisk
{
    public virtual IDiskFile Open(string path, DiskAccess access) => inner.Open(path, access);

    public bool FileExists(string path) => inner.FileExists(path);

    public bool FolderExists(string path) => inner.FolderExists(path);

    public long LengthOf(string path) => inner.LengthOf(path);

    public virtual IReadOnlyList<string> Files(string folder) => inner.Files(folder);

    public IReadOnlyList<string> Folders(string folder) => inner.Folders(folder);

    public void CreateFolder(string path) => inner.CreateFolder(path);

    public void Move(string from, string to) => inner.Move(from, to);

    public bool TryPublish(string temporary, string path) => inner.TryPublish(temporary, path);

    public void DeleteFile(string path) => inner.DeleteFile(path);

    public void DeleteFolder(string path) => inner.DeleteFolder(path);

    public void SyncFolder(string path) => inner.SyncFolder(path);

    public void Reserve(string path, long bytes) => inner.Reserve(path, bytes);

    public long FreeBytes(string path) => inner.FreeBytes(path);
}

/// <summary>Syncs of its own.</summary>
/// <param name="inner">The disk.</param>
/// <param name="sync">Called with the path and the sync that the store asked for.</param>
internal sealed class SyncMutantDisk(IDisk inner, Action<string, Action> sync) : MutantDisk(inner)
{
    public override IDiskFile Open(string path, DiskAccess access) => new SyncMutantFile(base.Open(path, access), real => sync(path, real));

    private sealed class SyncMutantFile(IDiskFile inner, Action<Action> sync) : IDiskFile
    {
        public long Length => inner.Length;

        public int Read(Span<byte> target, long offset) => inner.Read(target, offset);

        public ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken) => inner.ReadAsync(target, offset, cancellationToken);

        public void Write(ReadOnlySpan<byte> source, long offset) => inner.Write(source, offset);

        public void Sync() => sync(inner.Sync);

        public void Dispose() => inner.Dispose();
    }
}

/// <summary>An owner that never sees that the epoch was raised: of the states it sees those only that were there when it looked first.</summary>
internal sealed class BlindDisk(IDisk inner) : MutantDisk(inner)
{
    private HashSet<string>? _seen;

    /// <summary>From now on no new state is seen.</summary>
    public void Blind(string folder) => _seen = [.. base.Files(folder)];

    public override IReadOnlyList<string> Files(string folder) =>
        [.. base.Files(folder).Where(path => _seen is null || !Path.GetFileName(path).StartsWith("state-", StringComparison.Ordinal) || _seen.Contains(path))];
}
