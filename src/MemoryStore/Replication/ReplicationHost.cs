using System.Collections.Concurrent;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Replication.Followers;
using LatentDb.MemoryStore.Replication.Mirrors;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Replication;

/// <summary>Copies of shards at this silo: of those that it owns, at others, and of those that others own, here.</summary>
public sealed class ReplicationHost : IDisposable
{
    private readonly IClusterView _view;
    private readonly int _shards;
    private readonly ConcurrentDictionary<ShardMirror, bool> _mirrors = new();
    private volatile bool _isStarted;

    /// <param name="options">How.</param>
    /// <param name="data">The data folder of this silo alone.</param>
    /// <param name="shards">Shards of the cluster.</param>
    /// <param name="view">Who is there.</param>
    /// <param name="links">Ways to them.</param>
    /// <param name="sets">Which copies count.</param>
    /// <param name="time">What is silent for too long.</param>
    /// <param name="logger">For what is seldom.</param>
    /// <exception cref="LatentDbException">configuration_invalid.</exception>
    public ReplicationHost(
        ReplicationOptions options, string data, int shards, IClusterView view, ISiloLinks links, ICopySets sets, TimeProvider time, ILogger<ReplicationHost> logger)
        : this(options, LocalDisk.Instance, data, shards, view, links, sets, time, logger)
    {
    }

    internal ReplicationHost(
        ReplicationOptions options, IDisk disk, string data, int shards, IClusterView view, ISiloLinks links, ICopySets sets, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        Options = options;
        Folders = new ReplicaFolders(disk, data);
        Links = links;
        Sets = sets;
        Time = time;
        Logger = logger;
        _view = view;
        _shards = shards;
        ReplicationMetrics.Add(this, Count);
    }

    internal ReplicationOptions Options { get; }

    internal ReplicaFolders Folders { get; }

    internal ISiloLinks Links { get; }

    internal ICopySets Sets { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    internal string Self => _view.Self;

    /// <summary>Copies that are left in a set when one is silent: fewer would let writes be acknowledged that only one has.</summary>
    internal int KeptWhenSilent => Options.Mode == ReplicationMode.Quorum ? Options.MinInSync : 1;

    /// <summary>Takes this silo out of the sets of shards whose copy here is not whole: before it takes any lease.</summary>
    /// <exception cref="LatentDbException">store_unavailable, data_damaged; configuration_invalid: another silo, whose folder has the shards, must be started first.</exception>
    public async Task ResignAsync(CancellationToken cancellationToken)
    {
        for (int shard = 0; shard < _shards; shard++)
        {
            var id = new ShardId(shard);
            if (Folders.Of(id).Mark.IsWhole) continue;
            CopySet? set = await Sets.ReadAsync(id, cancellationToken).ConfigureAwait(false);
            if (set is { IsOfFolder: true }) RequireFolder(set, id);
            if (set is not null && set.Members.Contains(Self, StringComparer.Ordinal)) await Sets.ResignAsync(id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The data folder is there and is this cluster's: owners may come in.</summary>
    internal void Start() => _isStarted = true;

    /// <exception cref="LatentDbException">shutting_down: not yet.</exception>
    internal void RequireStarted()
    {
        if (!_isStarted) throw new LatentDbException(ErrorCode.ShuttingDown, "The store of this silo is not open yet.") { RetryAfter = StoreLimits.OwnerRetryAfter };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReplicationMetrics.Remove(this);
        Folders.Dispose();
    }

    /// <summary>This silo becomes the owner of its copy.</summary>
    /// <param name="lease">The right to it.</param>
    /// <param name="disk">Where it is.</param>
    /// <param name="root">The shard's folder.</param>
    /// <param name="cancellationToken">Of the question to the database.</param>
    /// <exception cref="LatentDbException">stale_owner; not_enough_copies when this copy is not whole; store_unavailable.</exception>
    internal async Task<ShardMirror> TakeOverAsync(ShardLease lease, IDisk disk, string root, CancellationToken cancellationToken)
    {
        CopySet set = await Sets.ReadAsync(lease.Shard, cancellationToken).ConfigureAwait(false) ?? new CopySet([], lease.Term, 0);
        bool isOpen = set.Term == lease.Term && (set.Members.IsEmpty || set.Members.Contains(Self, StringComparer.Ordinal));
        if (!isOpen) throw new LatentDbException(ErrorCode.StaleOwner, $"{Self} is none of the copies of {lease.Shard} that count.");
        Folders.Of(lease.Shard).TakeOver(lease.Term, set.IsOfFolder ? CopyNeed.Some : set.Members.IsEmpty ? CopyNeed.None : CopyNeed.Whole);
        var mirror = new ShardMirror(this, lease, set, disk, root);
        _mirrors[mirror] = true;
        return mirror;
    }

    /// <summary>The mirror is at its end.</summary>
    internal void Forget(ShardMirror mirror) => _mirrors.TryRemove(mirror, out _);

    /// <summary>Other silos that should have a copy.</summary>
    internal ImmutableArray<SiloMember> WantedOf(ShardId shard) => [.. CopyPlan.Of(_view.Current, shard, _shards, Options.Copies).Where(silo => silo.Name != Self)];

    /// <summary>True when this silo should have a copy, or does not know: it is leaving, or sees nobody.</summary>
    internal bool MayWantHere(ShardId shard)
    {
        ClusterView view = _view.Current;
        return view.Find(Self) is not { IsDraining: false } || CopyPlan.Of(view, shard, _shards, Options.Copies).Any(silo => silo.Name == Self);
    }

    /// <summary>Removes copies that nobody wants here any more, until it is cancelled.</summary>
    internal Task RemoveUnwantedAsync(CancellationToken cancellationToken) => new CopyRemoval(this, _shards).LoopAsync(cancellationToken);

    /// <summary>Other living silos that should have a copy, or have one that counts.</summary>
    internal ImmutableArray<SiloMember> FollowersOf(ShardId shard, ImmutableArray<string> members)
    {
        ImmutableArray<SiloMember> wanted = WantedOf(shard);
        return [.. wanted, .. _view.Current.Silos.Where(silo => silo.Name != Self && members.Contains(silo.Name, StringComparer.Ordinal) && !wanted.Any(w => w.Name == silo.Name))];
    }

    /// <exception cref="LatentDbException">configuration_invalid.</exception>
    private void RequireFolder(CopySet set, ShardId shard)
    {
        bool isAnothers = !set.Members.IsEmpty && !set.Members.Contains(Self, StringComparer.Ordinal);
        if (isAnothers || !Folders.Of(shard).IsEmpty) return;
        throw new LatentDbException(
            ErrorCode.ConfigurationInvalid,
            $"{shard} lies in a folder that was not copied yet, and the data folder of {Self} has nothing of it. Start the silo whose folder has the shards first, alone and with MinInSync 1; this one when that is ready.");
    }

    private CopyCounts Count()
    {
        CopyCounts all = new(0, 0, 0, TimeSpan.Zero);
        foreach (ShardMirror mirror in _mirrors.Keys)
        {
            int copies = mirror.Members.Length;
            all = new CopyCounts(all.InSync + copies, all.Missing + Math.Max(0, Options.Copies - copies), Math.Max(all.LagBytes, mirror.LagBytes), mirror.Lag > all.Lag ? mirror.Lag : all.Lag);
        }

        return all;
    }
}
