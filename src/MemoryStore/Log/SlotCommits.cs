using FASTER.core;

namespace LatentDb.MemoryStore.Log;

/// <summary>
/// FASTER's commit manager over <see cref="CommitSlots"/>. A failed write poisons it for good: FASTER swallows what this throws and would let the
/// next commit succeed on top of a hole, so the failure also cancels <see cref="Failed"/>, which is what waiters look at.
/// </summary>
internal sealed class SlotCommits(CommitSlots slots) : ILogCommitManager, IAsyncDisposable
{
    private readonly CancellationTokenSource _failed = new();
    private readonly Dictionary<long, byte[]> _written = [];
    private readonly Lock _lock = new();
    private volatile Exception? _failure;
    private Task _cancelling = Task.CompletedTask;

    /// <summary>Cancelled when a commit or a page could not be written.</summary>
    public CancellationToken Failed => _failed.Token;

    public Exception? Failure => _failure;

    /// <summary>
    /// The device could not write a page. FASTER tells those who wait for a commit, but not those who wait for room in its memory: they look at
    /// <see cref="Failed"/> as well.
    /// </summary>
    public void Fail(Exception cause)
    {
        _failure ??= cause;
        _cancelling = _failed.CancelAsync();
    }

    /// <summary>Called by FASTER on a pool thread once the entries are on stable storage; blocks until the slot is as well.</summary>
    public void Commit(long beginAddress, long untilAddress, byte[] commitMetadata, long commitNum, bool forceWriteMetadata)
    {
        if (_failure is not null) throw new InvalidOperationException("An earlier commit failed.", _failure);
        try
        {
            slots.Write(new CommitSlot(commitNum, untilAddress, CookieOf(commitMetadata), commitMetadata));
            lock (_lock)
            {
                _written[commitNum] = commitMetadata;
                _written.Remove(commitNum - 2);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong, nothing may be acknowledged after it; the waiters receive the cause.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _failure = e;
            _failed.Cancel();
            throw;
        }
    }

    /// <summary>Only what this object wrote and synced itself; null means "not usable" to FASTER.</summary>
    public byte[]? GetCommitMetadata(long commitNum)
    {
        lock (_lock) return _written.GetValueOrDefault(commitNum);
    }

    public IEnumerable<long> ListCommits()
    {
        lock (_lock) return [.. _written.Keys.OrderDescending()];
    }

    /// <summary>The slots are reused in turn; there is nothing to remove.</summary>
    public void RemoveCommit(long commitNum)
    {
    }

    /// <summary>Never: a log without a commit record is refused, not new.</summary>
    public void RemoveAllCommits() => throw new NotSupportedException("Commit records are not removed.");

    /// <summary>A log is written by the epoch that created it, so FASTER never recovers one.</summary>
    public void OnRecovery(long commitNum)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await _cancelling.ConfigureAwait(false);
        Dispose();
    }

    public void Dispose()
    {
        _failed.Dispose();
        slots.Dispose();
    }

    private static byte[] CookieOf(byte[] metadata)
    {
        var info = default(FasterLogRecoveryInfo);
        using var reader = new BinaryReader(new MemoryStream(metadata));
        info.Initialize(reader);
        return info.Cookie ?? [];
    }
}
