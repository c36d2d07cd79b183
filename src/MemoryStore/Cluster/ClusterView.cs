using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>What one silo knows of the cluster at one moment. Never quite true: whoever acts on it must be ready to be told otherwise.</summary>
/// <param name="Number">Grows with each change that this silo has seen.</param>
/// <param name="Silos">The living, in ordinal order of name.</param>
/// <param name="Owners">For each shard its owner's name, or null while it has none.</param>
public sealed record ClusterView(long Number, ImmutableArray<SiloMember> Silos, ImmutableArray<string?> Owners)
{
    /// <summary>Before anything is known.</summary>
    public static ClusterView Empty { get; } = new(0, [], []);

    /// <summary>For each shard the silos whose copies may be promoted; empty = the folder is shared, or nobody has opened it yet.</summary>
    public ImmutableArray<ImmutableArray<string>> Copies { get; init; } = [];

    /// <summary>The copies of one shard.</summary>
    public ImmutableArray<string> CopiesOf(int shard) => shard < Copies.Length ? Copies[shard] : [];

    /// <summary>A living silo, or null.</summary>
    public SiloMember? Find(string name) => Silos.FirstOrDefault(silo => string.Equals(silo.Name, name, StringComparison.Ordinal));

    /// <summary>The living owner of a shard, or null while it has none.</summary>
    public SiloMember? OwnerOf(ShardId shard) => shard.Value < Owners.Length && Owners[shard.Value] is string name ? Find(name) : null;
}

/// <summary>The view of this silo, which changes by itself. Thread-safe.</summary>
public interface IClusterView
{
    /// <summary>This silo's own name.</summary>
    string Self { get; }

    /// <summary>The newest view.</summary>
    ClusterView Current { get; }

    /// <summary>Asks for a look at the membership table, because what the view says was found to be wrong; ends when a newer look than the call was taken.</summary>
    ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken);

    /// <summary>Ends when there is a view with a greater number than <paramref name="seen"/>.</summary>
    ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken);
}
