using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Composition;

/// <summary>Stands in for the model during maintenance: what works without one goes on, the rest is refused and says why.</summary>
internal sealed class AbsentModelHost : IModelHost
{
    public bool IsReady => false;

    public ModelDescription Describe() => throw Refusal();

    public Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken) => throw Refusal();

    public Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken) => throw Refusal();

    public IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, CancellationToken cancellationToken) => throw Refusal();

    public void Forget(MemoryUid memory)
    {
        // Without a model no rows are in memory.
    }

    private static LatentDbException Refusal() => new(HttpErrorCode.Maintenance, "The server runs for maintenance, without a model; start it without --maintenance.");
}
