using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Tests.Simulation;

namespace LatentDb.MemoryStore.Tests.Backup;

/// <summary>
/// Stops a backup between its two reads of commit records, so that something can be written there. As a mutant it gives what a backup would have read that
/// asked for the record of the blocks first.
/// </summary>
internal sealed class CommitRecordDisk(IDisk inner, bool readsBlocksFirst) : MutantDisk(inner), IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _isBetween = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _goOn = new();
    private string? _blocks;
    private byte[] _blocksBefore = [];
    private int _reads;

    /// <summary>The backup has read one record and not the other.</summary>
    public Task IsBetween => _isBetween.Task;

    /// <summary>From now on reads of commit records count.</summary>
    /// <param name="blocks">Path of the record of the blocks.</param>
    public void Arm(string blocks) => (_blocks, _reads) = (blocks, 0);

    public void GoOn() => _goOn.Set();

    public void Dispose() => _goOn.Dispose();

    public override IDiskFile Open(string path, DiskAccess access)
    {
        if (access != DiskAccess.Read || _blocks is null || !IsRecord(path)) return base.Open(path, access);
        int read = ++_reads;
        if (readsBlocksFirst)
        {
            if (read == 1)
            {
                using IDiskFile before = base.Open(_blocks!, DiskAccess.Read);
                _blocksBefore = new byte[before.Length];
                before.Read(_blocksBefore, 0);
                Stop();
            }

            return read == 2 ? new ReadFile(_blocksBefore) : base.Open(path, access);
        }

        if (read == 2) Stop();
        return base.Open(path, access);
    }

    /// <summary>One of the two of the epoch that is being written.</summary>
    private bool IsRecord(string path) =>
        Path.GetFileName(path) == Path.GetFileName(_blocks) && Path.GetDirectoryName(Path.GetDirectoryName(path)) == Path.GetDirectoryName(Path.GetDirectoryName(_blocks));

    private void Stop()
    {
        _isBetween.SetResult();
        if (!_goOn.Wait(Patience)) throw new TimeoutException("Nobody has let the backup go on.");
    }

    /// <summary>What was read earlier.</summary>
    private sealed class ReadFile(byte[] content) : IDiskFile
    {
        public long Length => content.Length;

        public int Read(Span<byte> target, long offset)
        {
            ReadOnlySpan<byte> rest = content.AsSpan((int)offset);
            int count = Math.Min(rest.Length, target.Length);
            rest[..count].CopyTo(target);
            return count;
        }

        public ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken) => ValueTask.FromResult(Read(target.Span, offset));

        public void Write(ReadOnlySpan<byte> source, long offset) => throw new InvalidOperationException("Only read.");

        public void Sync() => throw new InvalidOperationException("Only read.");

        public void Dispose()
        {
        }
    }
}
