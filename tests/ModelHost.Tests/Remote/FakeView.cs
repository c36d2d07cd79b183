using LatentDb.MemoryStore.Cluster;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>A view that changes when the test says so.</summary>
internal sealed class FakeView(string self) : IClusterView
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Self => self;

    public ClusterView Current { get; private set; } = ClusterView.Empty;

    public void Set(params SiloMember[] silos)
    {
        lock (_lock)
        {
            Current = new ClusterView(Current.Number + 1, [.. silos.OrderBy(s => s.Name, StringComparer.Ordinal)], []);
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Changes one silo.</summary>
    public void Change(string name, Func<SiloMember, SiloMember> change) => Set([.. Current.Silos.Select(s => s.Name == name ? change(s) : s)]);

    public ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Current);

    public async ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (Current.Number > seen) return Current;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }
}
