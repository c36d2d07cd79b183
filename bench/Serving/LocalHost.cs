using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.VsPyTorch.Memories;

namespace LatentDb.Serving;

/// <summary>The model host in this process with blocks in memory: what scheduling and computing cost, without store and HTTP.</summary>
internal sealed class LocalHost : IServed
{
    // A pool whose rows have nearly all been replaced since the memory was new.
    private const int WritesPerMemory = 48;

    private readonly LoadedModel _model;
    private readonly RandomMemory[] _memories;
    private readonly SemaphoreSlim[] _writers;

    private LocalHost(LoadedModel model, RandomMemory[] memories)
    {
        _model = model;
        _memories = memories;
        _writers = [.. memories.Select(_ => new SemaphoreSlim(1))];
    }

    public string Name => $"{_model.Facts.Name}, {_model.Facts.Backend}, in this process";

    public static async Task<LocalHost> LoadAsync(Settings settings)
    {
        var options = new ModelHostOptions { Model = settings.Model, ResidentBytes = settings.ResidentMegabytes << 20, MaxActive = settings.MaxActive, Weights = settings.Weights };
        LoadedModel model = await LoadedModel.LoadAsync(options);
        int writes = Math.Min(WritesPerMemory, model.Blocks.Count / settings.Memories);
        RandomMemory[] memories = model.NewMemories(settings.Memories, writes);
        for (int i = 0; i < memories.Length; i++) memories[i].Flow = $"tenant {i % settings.Tenants}";
        return new LocalHost(model, memories);
    }

    public async Task InjectAsync(int memory, string text, CancellationToken cancellationToken)
    {
        // A memory's grain does the same: one write at a time, each on the head that the last one left.
        await _writers[memory].WaitAsync(cancellationToken);
        try
        {
            InjectOutcome outcome = await _model.InjectAsync(_memories[memory], text, cancellationToken);
            _memories[memory].Commit(outcome);
        }
        finally
        {
            _writers[memory].Release();
        }
    }

    public IAsyncEnumerable<string> AskAsync(int memory, string prompt, int maxTokens, CancellationToken cancellationToken) =>
        _model.AskAsync(_memories[memory], prompt, maxTokens, cancellationToken);

    public bool IsRefusal(Exception error) => error is LatentDbException failure && failure.Code == ErrorCode.Overloaded;

    public ValueTask DisposeAsync()
    {
        _model.Dispose();
        foreach (SemaphoreSlim writer in _writers) writer.Dispose();
        return ValueTask.CompletedTask;
    }
}
