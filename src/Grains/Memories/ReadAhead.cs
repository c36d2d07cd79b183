using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Memories;

/// <summary>
/// Once in a grain's life it tells the model that its memory's head will probably be asked, so that the first query finds the rows. A hint: nothing
/// fails because of it, and it ends with the grain. Thread-safe.
/// </summary>
/// <param name="catalog">Where the blocks are.</param>
/// <param name="model">What is told.</param>
/// <param name="tenant">On whose account the rows are held.</param>
internal sealed class ReadAhead(MemoryCatalog catalog, IModelHost model, TenantId tenant) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private int _hasBegun;

    /// <summary>The first call reads the head's manifest, which the verb that follows mostly needs too; the rows come behind its back.</summary>
    public ValueTask BeginAsync(MemoryTimeline timeline, CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _hasBegun, 1) == 0 && model.IsReady ? TellAsync(timeline, cancellationToken) : ValueTask.CompletedTask;

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }

    private async ValueTask TellAsync(MemoryTimeline timeline, CancellationToken cancellationToken)
    {
        try
        {
            VersionedManifest head = await timeline.ReadAsync(VersionSelector.Head, cancellationToken).ConfigureAwait(false);
            model.Prefetch(new PrefetchRequest(head, catalog.Blocks) { Memory = timeline.Summary.Uid, Flow = tenant.Value }, _ended.Token);
        }
        catch (LatentDbException)
        {
            // Whatever is wrong with this memory, the verb that needs it tells.
        }
    }
}
