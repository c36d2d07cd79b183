using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.VsPyTorch.Memories;

/// <summary>A random checkpoint in a model host, and memories to ask it about.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly PoolRules _rules;
    private readonly Manifest _genesis;

    private LoadedModel(LocalModelHost host, RowBlocks blocks, PoolRules rules, Manifest genesis)
    {
        Host = host;
        Facts = host.Describe();
        Blocks = blocks;
        _rules = rules;
        _genesis = genesis;
    }

    public LocalModelHost Host { get; }

    public ModelDescription Facts { get; }

    public RowBlocks Blocks { get; }

    public static async Task<LoadedModel> LoadAsync(ModelHostOptions options)
    {
        PoolRules rules;
        using (CheckpointFolder folder = CheckpointFolder.Open(options.Model)) rules = PoolRules.Of(folder.Config, CompatibilityMode.None);
        LocalModelHost host = LocalModelHost.Load(options, TimeProvider.System, CancellationToken.None);
        ModelDescription facts = host.Describe();
        var blocks = new RowBlocks(facts.PoolRows, facts.RowsPerWrite);
        return new LoadedModel(host, blocks, rules, await host.WriteGenesisAsync(blocks, CancellationToken.None));
    }

    /// <summary>A memory that holds the checkpoint's pool and nothing else.</summary>
    public RandomMemory NewMemory() => new(Blocks, _genesis, _rules, Facts.Fingerprint);

    /// <summary>Memories that share only what is left of the checkpoint's pool after so many writes.</summary>
    public RandomMemory[] NewMemories(int count, int writes)
    {
        var memories = new RandomMemory[count];
        for (int i = 0; i < count; i++)
        {
            memories[i] = NewMemory();
            memories[i].Grow(i * writes, writes, (ulong)i + 1);
        }

        return memories;
    }

    public Task<InjectOutcome> InjectAsync(RandomMemory memory, string text, CancellationToken cancellationToken) =>
        Host.InjectAsync(new InjectRequest(memory.Head, new TextInput.Plain(text), 1, Blocks, Blocks) { Flow = memory.Flow }, cancellationToken);

    /// <summary>The pieces of a greedy answer as they come.</summary>
    public async IAsyncEnumerable<string> AskAsync(RandomMemory memory, string prompt, int maxTokens, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new QueryRequest(memory.Head, new TextInput.Plain(prompt), new GenerationOptions { MaxTokens = maxTokens }, Blocks) { Flow = memory.Flow };
        await foreach (GenerationEvent step in Host.QueryAsync(request, cancellationToken))
        {
            if (step is GeneratedText piece) yield return piece.Text;
        }
    }

    public void Dispose() => Host.Dispose();
}
