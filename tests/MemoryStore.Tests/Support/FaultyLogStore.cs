using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Log;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>A real log that fails or hangs when the test says so.</summary>
internal sealed class FaultyLogStore(ILogStore inner, LogFaults faults) : ILogStore
{
    public int MaxEntryBytes => inner.MaxEntryBytes;

    public long TailAddress => inner.TailAddress;

    public SegmentReader Reader => inner.Reader;

    public ValueTask<long> AppendAsync(ReadOnlyMemory<byte> entry) =>
        faults.AppendsLeft-- > 0 ? inner.AppendAsync(entry) : throw new IOException("An injected fault.", 5);

    public ValueTask PadAsync() => inner.PadAsync();

    public Task CommitAsync(byte[] cookie)
    {
        if (faults.Error is ErrorCode code) return Task.FromException(new LatentDbException(code, "An injected fault."));
        if (!faults.IsHanging) return inner.CommitAsync(cookie);
        faults.Hung.TrySetResult();
        return new TaskCompletionSource().Task;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>What the logs of a test do next.</summary>
internal sealed class LogFaults
{
    public ErrorCode? Error { get; set; }

    public bool IsHanging { get; set; }

    /// <summary>Appends, over all logs, before the first that fails.</summary>
    public int AppendsLeft { get; set; } = int.MaxValue;

    public TaskCompletionSource Hung { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Func<IDisk, string, LogGeometry, ILogStore> Creator => (disk, folder, geometry) => new FaultyLogStore(FasterLogStore.Create(disk, folder, geometry), this);
}
