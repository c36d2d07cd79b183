using System.Threading.Channels;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Audit;

/// <summary>The audit log: many write, one thread appends, and one sync covers all who wait at that moment.</summary>
internal sealed partial class AuditLog(AuditFolder folder, TimeProvider time, ILogger<AuditLog> logger) : IAsyncDisposable
{
    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(AuditLimits.MaxWaiting) { SingleReader = true });
    private AuditWriter? _writer;
    private Task _loop = Task.CompletedTask;
    private long _failedAt;
    private volatile bool _isBroken;
    private volatile AuditAnchor _durable = new(AuditPoint.Origin, AuditPoint.Origin);

    /// <summary>What is durable now.</summary>
    public AuditAnchor Durable => _durable;

    /// <summary>Opens the log and begins to write.</summary>
    /// <exception cref="LatentDbException">audit_unavailable.</exception>
    public void Open()
    {
        try
        {
            Reopen();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(error);
        }

        _loop = Task.Run(LoopAsync);
    }

    /// <summary>For writes, before they do anything: a write that could not be noted is not made.</summary>
    /// <exception cref="LatentDbException">audit_unavailable.</exception>
    public async Task RequireWritableAsync(CancellationToken cancellationToken)
    {
        if (!_isBroken) return;
        if (time.GetElapsedTime(Interlocked.Read(ref _failedAt)) < AuditLimits.RetryPause) throw Unavailable(null);
        await AppendAsync(AuditEntry.OfLog("audit.resumed", "after a failure of the disk"), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The line is durable when the task ends.</summary>
    /// <param name="entry">What happened.</param>
    /// <param name="cancellationToken">Without effect once the line waits to be written.</param>
    /// <exception cref="LatentDbException">audit_unavailable.</exception>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => RunAsync(new Work(entry, null), cancellationToken);

    /// <summary>Deletes what is older than a moment, in whole segments.</summary>
    /// <exception cref="LatentDbException">audit_unavailable.</exception>
    public Task ExpireAsync(DateTimeOffset oldest, CancellationToken cancellationToken) => RunAsync(new Work(null, oldest), cancellationToken);

    /// <summary>Writes what waits, and the anchor.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        _writer?.Dispose();
        _writer = null;
    }

    private async Task RunAsync(Work work, CancellationToken cancellationToken)
    {
        try
        {
            await _queue.Writer.WriteAsync(work, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException error)
        {
            throw Unavailable(error);
        }

        await work.Done.Task.ConfigureAwait(false);
    }

    private async Task LoopAsync()
    {
        List<Work> batch = [];
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            batch.Clear();
            while (batch.Count < AuditLimits.MaxBatch && _queue.Reader.TryRead(out Work? work)) batch.Add(work);
            Write(batch);
        }

        Anchor(onlyWhenOld: false);
    }

    private void Write(List<Work> batch)
    {
        try
        {
            if (_writer is null) Reopen();
            AuditEntry[] entries = [.. batch.Select(w => w.Entry).OfType<AuditEntry>()];
            if (entries.Length > 0) _writer!.Append(entries);
            foreach (DateTimeOffset oldest in batch.Select(w => w.Oldest).OfType<DateTimeOffset>()) _writer!.Expire(oldest);
            _durable = _writer!.Anchor;
            AuditMetrics.Written(entries.Length);
            foreach (Work work in batch) work.Done.TrySetResult();
            Anchor(onlyWhenOld: true);
        }
#pragma warning disable CA1031 // The writing loop: whoever waits is told, and the log is opened anew for the next.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(error);
            foreach (Work work in batch) work.Done.TrySetException(Unavailable(error));
        }
    }

    private void Reopen()
    {
        _writer = AuditWriter.Open(folder, time);
        _durable = _writer.Anchor;
        if (_writer.Damage is { } damage) LogDamaged(damage);
        if (_isBroken) LogResumed();
        _isBroken = false;
    }

    /// <summary>The anchor only makes more sure; that it could not be written is said, and tried again with the next lines.</summary>
    private void Anchor(bool onlyWhenOld)
    {
        try
        {
            _writer?.WriteAnchor(onlyWhenOld);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Fail(error);
        }
    }

    private void Fail(Exception error)
    {
        Interlocked.Exchange(ref _failedAt, time.GetTimestamp());
        if (!_isBroken) LogFailed(error);
        _isBroken = true;
        _writer?.Dispose();
        _writer = null;
        AuditMetrics.Failed();
    }

    private static LatentDbException Unavailable(Exception? cause) => new(AuditErrorCode.AuditUnavailable, "The audit log cannot be written, and nothing is changed that could not be noted in it.", cause);

    [LoggerMessage(4201, LogLevel.Error, "The audit log cannot be written; writes are refused until it can.")]
    private partial void LogFailed(Exception error);

    [LoggerMessage(4202, LogLevel.Warning, "The audit log can be written again.")]
    private partial void LogResumed();

    [LoggerMessage(4203, LogLevel.Error, "The audit log is not as it was written: {Damage} It goes on in a new segment, and its check tells more.")]
    private partial void LogDamaged(string damage);

    /// <summary>A line to append, or a time to forget.</summary>
    private sealed record Work(AuditEntry? Entry, DateTimeOffset? Oldest)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
