using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Memories;

/// <summary>Resolve <c>at</c> → model → events. Takes no write turn: the version that it resolved never changes.</summary>
/// <param name="catalog">The memories.</param>
/// <param name="model">What answers.</param>
/// <param name="tenant">On whose account it computes.</param>
internal sealed class QueryFlow(MemoryCatalog catalog, IModelHost model, TenantId tenant)
{
    public async IAsyncEnumerable<QueryEvent> RunAsync(
        MemoryTimeline timeline, QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        VersionedManifest version = await timeline.ReadAsync(command.At, cancellationToken).ConfigureAwait(false);
        var request = new QueryRequest(version, command.Prompt, command.Options, catalog.Blocks)
        {
            Memory = timeline.Summary.Uid,
            Flow = tenant.Value,
            ReadsBank = command.ReadsBank,
        };
        IAsyncEnumerable<GenerationEvent> events = model.QueryAsync(request, cancellationToken);
        yield return new QueryStarted(version.Version.Number);
        await foreach (GenerationEvent step in events.ConfigureAwait(false)) yield return new QueryGenerated(step);
    }
}
