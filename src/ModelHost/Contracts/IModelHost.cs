using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Contracts;

/// <summary>What everything above the model may ask of it. Safe for concurrent calls; implemented by the local and by the remote host.</summary>
public interface IModelHost
{
    /// <summary>False while the checkpoint is still being loaded: every verb then fails with model_loading.</summary>
    bool IsReady { get; }

    /// <summary>The model that is served.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">model_loading.</exception>
    ModelDescription Describe();

    /// <summary>What it has to do now; nothing for a host that lets others compute.</summary>
    ModelPressure Pressure => default;

    /// <summary>For how long the compute loop has been at one turn, which is a step of the running answers and some pieces of prompts; zero while it has nothing to do. For liveness checks.</summary>
    TimeSpan ComputesFor => TimeSpan.Zero;

    /// <summary>Writes the checkpoint's own pool and bank as a genesis block and returns the manifest of a new memory.</summary>
    Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken);

    /// <summary>Runs text through the write pass on top of the head and stages the new blocks in the request's sink. Commits nothing.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">
    /// text_too_short, text_too_long, invalid_request (not valid UTF-16), model_mismatch, overloaded, data_damaged, store_full.
    /// </exception>
    Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Reads one version and generates. Yields <see cref="GeneratedText"/> pieces, then exactly one <see cref="GenerationCompleted"/>.
    /// Errors are thrown by the call itself or by MoveNextAsync; ending the enumeration early frees everything the query holds.
    /// </summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">invalid_request, text_too_long, model_mismatch, overloaded, data_damaged.</exception>
    IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Says that a version will probably be asked soon, so that its rows may be read ahead: a hint that waits for nothing, takes no room from what is in
    /// use, and may be ignored. Whatever is wrong, the query tells. A cancellation drops what has not been read yet.
    /// </summary>
    void Prefetch(PrefetchRequest request, CancellationToken cancellationToken)
    {
    }

    /// <summary>
    /// Drops from memory every row of the blocks that an erased memory wrote. Called after its erase is durable: a later pass that still names such a
    /// block must ask the store, which knows whether a fork may read it. What a pass reads at this moment goes when that pass ends.
    /// </summary>
    void Forget(MemoryUid memory);
}
