using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Cluster.Database;

namespace LatentDb.Silo.Cluster;

/// <summary>Tells the membership how much the model has to do, so that others choose a silo with room.</summary>
internal sealed class LoadReport(ClusterMembership membership, IModelHost model, TimeProvider time) : BackgroundService
{
    /// <summary>Half of a heartbeat, which carries it to the others.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            membership.Load = model.Pressure.Load;
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
