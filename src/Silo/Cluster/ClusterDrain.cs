using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Hosting;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Cluster.Database;

namespace LatentDb.Silo.Cluster;

/// <summary>
/// The first thing that happens when this silo is to stop: the others are told, and its shards go to them one by one while it still serves what it has.
/// Whoever asks for a memory meanwhile waits for a hand-over, not for the end of this process.
/// </summary>
internal sealed partial class ClusterDrain(
    ClusterMembership membership, IClusterView view, IServiceProvider services, SiloOptions options, TimeProvider time, ILogger<ClusterDrain> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await membership.DrainAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException error)
        {
            LogNotTold(logger, error.Message);
            return;
        }

        await Task.WhenAll(HandOverAsync(cancellationToken), EndModelWorkAsync(cancellationToken)).ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task HandOverAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<ShardKeeper>() is not { } keeper) return;
        long start = time.GetTimestamp();
        TimeSpan limit = TimeSpan.FromSeconds(options.DrainSeconds);
        while (!keeper.Held.IsEmpty && HasHeir() && time.GetElapsedTime(start) < limit)
        {
            await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested) return;
        }

        int left = keeper.Held.Length;
        LogHandedOver(logger, left);
    }

    /// <summary>Other silos take their work to another model; what runs for them here may end.</summary>
    private async Task EndModelWorkAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<IModelDrain>() is not { } model) return;
        await model.DrainAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(options.DrainSeconds), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Without another store silo the shards stay here until the end.</summary>
    private bool HasHeir() => view.Current.Silos.Any(silo => silo.Name != view.Self && !silo.IsDraining && silo.Roles.HasFlag(SiloRoles.Store));

    [LoggerMessage(4303, LogLevel.Information, "The shards were handed over; {Left} are left.")]
    private static partial void LogHandedOver(ILogger logger, int left);

    [LoggerMessage(4304, LogLevel.Warning, "The others could not be told that this silo drains: {Cause}")]
    private static partial void LogNotTold(ILogger logger, string cause);
}
