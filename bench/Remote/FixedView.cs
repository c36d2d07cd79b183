using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;

namespace LatentDb.Remote;

/// <summary>A cluster of an owner, which is this process, and a model silo.</summary>
internal sealed class FixedView(string owner, string model) : IClusterView
{
    public string Self => "owner";

    public ClusterView Current { get; } = new(
        1,
        ImmutableArray.Create(
            new SiloMember("model", Guid.NewGuid(), model, SiloRoles.Model, false, 0),
            new SiloMember("owner", Guid.NewGuid(), owner, SiloRoles.Store | SiloRoles.Api, false, 0)),
        []);

    public ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Current);

    public async ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return Current;
    }
}
