using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Security.Access;

/// <summary>
/// Opens the catalogue when the process starts, after the store, whose lock makes this process the only writer of the folder unless it is one of a cluster, and
/// after the cluster's tables were made; writes the times of last use now and then, and in a cluster looks for what other silos have changed.
/// </summary>
internal sealed partial class AccessService(AccessCatalog catalog, SiloOptions options, TimeProvider time, ILogger<AccessService> logger) : BackgroundService, IHostedLifecycleService
{
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable; configuration_invalid: there are no keys, and others reach the server.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await catalog.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (!catalog.IsKeyed) options.RequireLoopback();
        if (options.OpenUrl() is { } url && url.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) LogPlainHttp(url);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(FlushUsesAsync(stoppingToken), FollowAsync(stoppingToken));

    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        if (!catalog.IsShared) return;
        using var timer = new PeriodicTimer(SecurityLimits.AccessLookPause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false)) await LookAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The last look was recent enough.
        }
    }

    /// <summary>What was known stays in force when it cannot be read: keys go on opening what they opened, and the log says that changes are not seen.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await catalog.RefreshAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is LatentDbException or IOException or UnauthorizedAccessException)
        {
            LogNotFollowed(error);
        }
    }

    private async Task FlushUsesAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SecurityLimits.UseFlushPause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false)) await FlushAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await FlushAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Times of last use are for people to look at: that they could not be written is said, and no reason to stop.</summary>
    private async Task FlushAsync()
    {
        try
        {
            await catalog.FlushUseAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (LatentDbException error)
        {
            LogNotFlushed(error);
        }
    }

    [LoggerMessage(4113, LogLevel.Warning, "The server listens on {Url} without TLS: keys and texts cross the network in clear unless a proxy in front encrypts.")]
    private partial void LogPlainHttp(string url);

    [LoggerMessage(4117, LogLevel.Warning, "What other servers have changed of keys and tenants could not be read; what was known before stays in force.")]
    private partial void LogNotFollowed(Exception error);

    [LoggerMessage(4114, LogLevel.Warning, "The times at which keys were last used could not be written.")]
    private partial void LogNotFlushed(Exception error);
}
