using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Time;

namespace LatentDb.Silo.Audit;

/// <summary>Opens the audit log after the store, whose lock makes this process its only writer; writes the counts every minute; forgets what is too old.</summary>
internal sealed partial class AuditService(AuditLog log, AuditTally tally, SiloOptions options, TimeProvider time, ILogger<AuditService> logger)
    : BackgroundService, IHostedLifecycleService
{
    private readonly SemaphoreSlim _soon = new(0, 1);
    private readonly SteadyClock _clock = new(time);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        log.Open();
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>After the last answer.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await FlushAsync().ConfigureAwait(false);
        await log.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Writes the counts without waiting for the minute to end.</summary>
    public void FlushSoon()
    {
        if (_soon.CurrentCount > 0) return;
        try
        {
            _soon.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another request has asked for the same at this moment.
        }
    }

    public override void Dispose()
    {
        _soon.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task soon = _soon.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(AuditLimits.TallyPause, time, stoppingToken), soon).ConfigureAwait(false);

            // One wait goes on until it is answered: an abandoned one would take the next call for itself.
            if (soon.IsCompletedSuccessfully) soon = _soon.WaitAsync(stoppingToken);
            await FlushAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Counts that could not be written are lost, which the log of the server tells; the next minute is tried anew.</summary>
    private async Task FlushAsync()
    {
        try
        {
            await Task.WhenAll(tally.Take().Select(line => log.AppendAsync(line, CancellationToken.None))).ConfigureAwait(false);
            if (options.AuditDays > 0) await log.ExpireAsync(_clock.Now - TimeSpan.FromDays(options.AuditDays), CancellationToken.None).ConfigureAwait(false);
        }
        catch (LatentDbException error)
        {
            LogNotFlushed(error);
        }
    }

    [LoggerMessage(4204, LogLevel.Warning, "Counts of a minute could not be written to the audit log.")]
    private partial void LogNotFlushed(Exception error);
}
