using System.Collections.Immutable;
using System.IO.Pipelines;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Telemetry;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Remote;

/// <summary>The door to all memories of a cluster: finds the silo that owns a memory's shard and asks it, here or there. Thread-safe.</summary>
/// <param name="cluster">Who owns what.</param>
/// <param name="links">Ways to other silos.</param>
/// <param name="local">The grains of this silo; null = it owns no shards.</param>
/// <param name="time">Measures pauses.</param>
/// <param name="grains">Reaches the grain of a memory at its owner; null = over links.</param>
internal sealed class ClusterGrainHost(IClusterView cluster, ISiloLinks links, LocalGrains? local, TimeProvider time, IOwnerGrains? grains = null) : IGrainHost
{
    private readonly LinkGrains _links = new(cluster.Self, links, local);

    public OwnerRouter Router { get; } = new(cluster, time);

    public IMemoryGrain GetMemory(MemoryKey key) => new ClusterMemoryGrain(key, this);

    public Task<ImmutableArray<MemorySummary>> ListMemoriesAsync(TenantId tenant, int limit, MemoryId? after, CancellationToken cancellationToken) =>
        Router.RunAsync(
            token => GatherAsync(tenant, new MemoryPage(limit, after), token),
            static error => RouteRules.MayRepeat(error, isRepeatable: true),
            cancellationToken);

    /// <summary>What a tenant has in all shards that have an owner; those between two owners are missing for a moment.</summary>
    public async Task<TenantUsage> UsageOfAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        TenantUsage[] parts = await Task.WhenAll(Owners().Select(owner => _links.IsHere(owner)
            ? Task.FromResult(local!.UsageOf(tenant))
            : new GrainLink(links, owner.Address).UsageAsync(tenant, cancellationToken))).ConfigureAwait(false);
        return new TenantUsage(parts.Sum(part => part.Memories), parts.Sum(part => part.Bytes));
    }

    /// <summary>The grain at its owner of this moment.</summary>
    /// <exception cref="LatentDbException">not_owner while the shard has none.</exception>
    public IMemoryGrain Find(MemoryKey key)
    {
        SiloMember owner = Router.OwnerOf(key);
        RouteMetrics.Found(_links.IsHere(owner));
        return (grains ?? _links).Find(key, owner);
    }

    /// <exception cref="LatentDbException">not_owner while one of them has none.</exception>
    public bool HaveOneOwner(MemoryKey one, MemoryKey other) => Router.OwnerOf(one).Name == Router.OwnerOf(other).Name;

    /// <summary>
    /// A fork whose source is at another silo: the source is exported through this one into an import that makes what a fork makes. The bytes pass through
    /// memory and over sealed links; nothing is written down on the way.
    /// </summary>
    public async Task<WriteResult<MemorySummary>> ForkAcrossAsync(MemoryKey target, ForkCommand command, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task export = ExportIntoAsync(command, pipe.Writer, stop.Token);
        try
        {
            Stream archive = pipe.Reader.AsStream();
            await using (archive.ConfigureAwait(false))
            {
                return await Find(target).ImportAsync(new ImportCommand { Fork = command, Origin = command.Origin }, archive, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await export.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What hinders the export reaches the import as what its stream throws.</summary>
    private async Task ExportIntoAsync(ForkCommand command, PipeWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            Stream archive = writer.AsStream(leaveOpen: true);
            await using (archive.ConfigureAwait(false))
            {
                await Find(command.Source).ExportAsync(new ExportCommand { At = command.At }, archive, cancellationToken).ConfigureAwait(false);
            }

            await writer.CompleteAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Not swallowed: the reader of the pipe gets it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await writer.CompleteAsync(error).ConfigureAwait(false);
        }
    }

    private async Task<ImmutableArray<MemorySummary>> GatherAsync(TenantId tenant, MemoryPage page, CancellationToken cancellationToken)
    {
        ClusterView view = Router.View;
        OwnedPage[] parts = await Task.WhenAll(Owners().Select(owner => _links.IsHere(owner)
            ? local!.ListAsync(tenant, page.Limit, page.After, cancellationToken)
            : new GrainLink(links, owner.Address).ListAsync(tenant, page, cancellationToken))).ConfigureAwait(false);

        // A shard that nobody answered for, or two, is on its way: without this a page could silently lack its memories.
        int[] answered = [.. parts.SelectMany(part => part.Shards).Order()];
        if (view.Owners.IsEmpty || !answered.SequenceEqual(Enumerable.Range(0, view.Owners.Length)))
        {
            throw new LatentDbException(ErrorCode.NotOwner, $"{answered.Distinct().Count()} of {view.Owners.Length} shards have an owner at this moment.") { RetryAfter = RouteRules.RetryAfter };
        }

        return [.. parts.SelectMany(part => part.Memories).OrderBy(memory => memory.Key.Memory.Value, StringComparer.Ordinal).Take(page.Limit)];
    }

    private IEnumerable<SiloMember> Owners()
    {
        ClusterView view = Router.View;
        return view.Owners.OfType<string>().Distinct(StringComparer.Ordinal).Select(view.Find).OfType<SiloMember>();
    }
}
