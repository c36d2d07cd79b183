using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>A model host that notes what it is told to forget, and whose answers stop where a test wants it.</summary>
internal sealed class NotingModel(IModelHost inner) : IModelHost
{
    private readonly TaskCompletionSource<MemoryUid> _forgotten = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The first memory that it was told to forget.</summary>
    public Task<MemoryUid> Forgotten => _forgotten.Task;

    /// <summary>What it says of itself, when that is another model's description.</summary>
    public ModelDescription? Model { get; init; }

    /// <summary>Waited for after the first step of every answer.</summary>
    public Task AfterFirst { get; init; } = Task.CompletedTask;

    public bool IsReady => inner.IsReady;

    /// <summary>Requests besides those that it really has.</summary>
    public int Others { get; init; }

    public ModelPressure Pressure => inner.Pressure with { Requests = inner.Pressure.Requests + Others };

    public ModelDescription Describe() => Model ?? inner.Describe();

    public Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken) => inner.WriteGenesisAsync(sink, cancellationToken);

    public Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken) =>
        Model is null ? inner.InjectAsync(request, cancellationToken) : throw new InvalidOperationException("This model must not be asked.");

    public async IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Model is not null) throw new InvalidOperationException("This model must not be asked.");
        await foreach (GenerationEvent step in inner.QueryAsync(request, cancellationToken))
        {
            yield return step;
            await AfterFirst.WaitAsync(cancellationToken);
        }
    }

    public void Forget(MemoryUid memory) => _forgotten.TrySetResult(memory);
}
