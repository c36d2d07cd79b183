using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>The disk as one process sees it that is stopped before a chosen operation, reads included, and goes on when it is told to.</summary>
internal sealed class PausingDisk(IDisk inner) : IDisk, IDisposable
{
    private readonly ManualResetEventSlim _go = new(initialState: false);
    private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _operations;
    private long _pauseAt = long.MaxValue;

    /// <summary>Ends when the process stands still.</summary>
    public Task Paused => _paused.Task;

    public long Operations => Interlocked.Read(ref _operations);

    /// <summary>Stops before the operation that comes so many after the next one.</summary>
    public void PauseAfter(long operations) => Interlocked.Exchange(ref _pauseAt, Operations + operations);

    public void Resume()
    {
        Interlocked.Exchange(ref _pauseAt, long.MaxValue);
        _go.Set();
    }

    public IDiskFile Open(string path, DiskAccess access) => new PausingFile(this, Step(() => inner.Open(path, access)));

    public bool FileExists(string path) => Step(() => inner.FileExists(path));

    public bool FolderExists(string path) => Step(() => inner.FolderExists(path));

    public long LengthOf(string path) => Step(() => inner.LengthOf(path));

    public IReadOnlyList<string> Files(string folder) => Step(() => inner.Files(folder));

    public IReadOnlyList<string> Folders(string folder) => Step(() => inner.Folders(folder));

    public void CreateFolder(string path) => Step(() => inner.CreateFolder(path));

    public void Move(string from, string to) => Step(() => inner.Move(from, to));

    public bool TryPublish(string temporary, string path) => Step(() => inner.TryPublish(temporary, path));

    public void DeleteFile(string path) => Step(() => inner.DeleteFile(path));

    public void DeleteFolder(string path) => Step(() => inner.DeleteFolder(path));

    public void SyncFolder(string path) => Step(() => inner.SyncFolder(path));

    public void Reserve(string path, long bytes) => Step(() => inner.Reserve(path, bytes));

    public long FreeBytes(string path) => Step(() => inner.FreeBytes(path));

    public void Dispose() => _go.Dispose();

    private void Step(Action operation) => Step(() =>
    {
        operation();
        return true;
    });

    private T Step<T>(Func<T> operation)
    {
        if (Interlocked.Increment(ref _operations) > Interlocked.Read(ref _pauseAt))
        {
            _paused.TrySetResult();
            _go.Wait();
        }

        return operation();
    }

    private sealed class PausingFile(PausingDisk disk, IDiskFile inner) : IDiskFile
    {
        public long Length => disk.Step(() => inner.Length);

        public int Read(Span<byte> target, long offset)
        {
            disk.Step(() => { });
            return inner.Read(target, offset);
        }

        public ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken) => ValueTask.FromResult(Read(target.Span, offset));

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            disk.Step(() => { });
            inner.Write(source, offset);
        }

        public void Sync() => disk.Step(inner.Sync);

        public void Dispose() => inner.Dispose();
    }
}
