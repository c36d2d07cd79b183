using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace LatentDb.Silo.Orleans;

/// <summary>
/// What follows when Orleans cannot go on: its members have declared this silo dead, which a silo that slept finds when it wakes, and which nothing takes
/// back. The process stops in order, where Orleans' own way is to end it at once; whoever supervises it starts it again.
/// </summary>
internal sealed partial class OrderlyEnd(IHostApplicationLifetime lifetime, IOptions<HostOptions> host, ILogger<OrderlyEnd> logger) : IFatalErrorHandler
{
    /// <summary>Enough to hand shards over; then Orleans takes leave of silos that answer it nothing any more, and would wait for them.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(8);

    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => true;

    /// <inheritdoc/>
    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        LogFatal(logger, context ?? "no reason was given", exception);
        Environment.ExitCode = 1;
        host.Value.ShutdownTimeout = StopLimit;
        lifetime.StopApplication();
    }

    [LoggerMessage(4320, LogLevel.Error, "Orleans cannot go on in this process, which stops and must be started again: {Reason}")]
    private static partial void LogFatal(ILogger logger, string reason, Exception? error);
}
