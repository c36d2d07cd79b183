using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Cluster;
using LatentDb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>What happens first when a silo is to stop.</summary>
public sealed class ClusterDrainTests : IAsyncLifetime
{
    private const int DrainSeconds = 10;

    private readonly ManualTimeProvider _time = new();
    private readonly HeldModel _model = new();
    private PostgresServer? _server;

    public async Task InitializeAsync()
    {
        if (PostgresServer.Programs is not null) _server = await PostgresServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    [RequiresPostgresFact]
    public async Task The_others_are_told_and_work_for_them_may_end()
    {
        await using ClusterNode node = await StartAsync("a");
        await using ClusterNode other = await StartAsync("b");

        Task stopping = DrainOf(node).StoppingAsync(CancellationToken.None);
        await other.SeesAsync(view => view.Find("a") is { IsDraining: true });
        await _model.Asked;
        bool waited = !stopping.IsCompleted;
        _model.End();
        await stopping;

        Assert.True(waited);
    }

    [RequiresPostgresFact]
    public async Task Work_that_does_not_end_holds_the_silo_for_its_limit_only()
    {
        await using ClusterNode node = await StartAsync("a");

        Task stopping = DrainOf(node).StoppingAsync(CancellationToken.None);
        await _model.Asked;
        while (!stopping.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(DrainSeconds));
            await Task.Yield();
        }

        await stopping;
    }

    [RequiresPostgresFact]
    public async Task A_silo_whose_database_is_gone_stops_without_waiting()
    {
        await using ClusterNode node = await StartAsync("a");
        await _server!.DisposeAsync();
        _server = null;

        await DrainOf(node).StoppingAsync(CancellationToken.None);

        Assert.False(_model.Asked.IsCompleted);
    }

    private ClusterDrain DrainOf(ClusterNode node)
    {
        ServiceProvider services = new ServiceCollection().AddSingleton<IModelDrain>(_model).BuildServiceProvider();
        return new ClusterDrain(node.Membership, node.Watch, services, new SiloOptions { DrainSeconds = DrainSeconds }, _time, NullLogger<ClusterDrain>.Instance);
    }

    private async Task<ClusterNode> StartAsync(string name)
    {
        var node = new ClusterNode(_server!.ConnectionString, name);
        await node.StartAsync();
        return node;
    }

    /// <summary>Work of others that ends when the test says so.</summary>
    private sealed class HeldModel : IModelDrain
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public void End() => _ended.TrySetResult();

        public Task DrainAsync(CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            return _ended.Task.WaitAsync(cancellationToken);
        }
    }
}
