namespace LatentDb.Silo.Cluster.Links;

/// <summary>Opens the listener before anything announces this silo, and closes it after everything else has stopped.</summary>
internal sealed class LinkHost(LinkListener listener) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => listener.StartAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => listener.StopAsync();
}
