using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Evaluation;

/// <summary>One memory of an evaluation, from its creation to its erase. Everything random in it comes from the run's seed and the item.</summary>
internal sealed class Episode : IAsyncDisposable
{
    private readonly LatentDbClient _client;
    private readonly EvaluationSettings _settings;
    private readonly int _item;
    private int _writes;

    private Episode(LatentDbClient client, MemoryClient memory, EvaluationSettings settings, int item)
    {
        _client = client;
        Memory = memory;
        _settings = settings;
        _item = item;
    }

    public MemoryClient Memory { get; }

    /// <summary>A fresh memory; what an interrupted run left under its name is erased.</summary>
    public static async Task<Episode> BeginAsync(LatentDbClient client, string name, EvaluationSettings settings, int item, CancellationToken cancellationToken)
    {
        var episode = new Episode(client, client.Memory(name), settings, item);
        await episode.CreateAsync(cancellationToken).ConfigureAwait(false);
        return episode;
    }

    /// <summary>Another memory under the same settings, erased at the end as well.</summary>
    public Episode Over(MemoryClient memory) => new(_client, memory, _settings, _item);

    /// <summary>Erases the memory and creates it again under its name.</summary>
    public async Task StartOverAsync(CancellationToken cancellationToken)
    {
        await Memory.EraseAsync(null, cancellationToken).ConfigureAwait(false);
        await CreateAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes texts, each a version of its own.</summary>
    public async Task TellAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        foreach (string[] batch in texts.Chunk(64))
        {
            InjectRequest[] requests = [.. batch.Select(t => new InjectRequest { Text = t, Seed = SeedOf(_writes++) })];
            InjectBatchAnswer answer = await Memory.InjectBatchAsync(requests, null, cancellationToken).ConfigureAwait(false);
            if (answer.Problem is { } problem) throw new HttpRequestException($"Write {answer.Written + 1} of {batch.Length} was refused: {problem.Detail ?? problem.Title}");
        }
    }

    /// <summary>The greedy answer to a prompt.</summary>
    /// <param name="prompt">As the model gets it.</param>
    /// <param name="useBank">False: from the pool alone, as MemoryLLM answers.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<string> AskAsync(string prompt, bool useBank, CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            Prompt = prompt,
            MaxTokens = _settings.MaxTokens,
            Temperature = 0,
            Seed = 0,
            Stop = _settings.Stop.Count == 0 ? null : _settings.Stop,
            Retrieve = useBank ? null : false,
        };
        QueryAnswer answer = await Memory.QueryAsync(request, cancellationToken).ConfigureAwait(false);
        return answer.Text.Trim();
    }

    /// <summary>Stored bytes of the memory's own blocks.</summary>
    public async Task<long> BytesAsync(CancellationToken cancellationToken) => (await Memory.GetAsync(cancellationToken).ConfigureAwait(false)).OwnedBytes;

    public async ValueTask DisposeAsync()
    {
        if (_settings.KeepsMemories) return;
        try
        {
            await Memory.EraseAsync(null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is ApiProblemException or HttpRequestException)
        {
            // The run's own error says more; the next run under this name erases it.
        }
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.CreateMemoryAsync(new CreateMemoryRequest(Memory.Id), null, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiProblemException problem) when (problem.Code == "memory_exists")
        {
            await Memory.EraseAsync(null, cancellationToken).ConfigureAwait(false);
            await _client.CreateMemoryAsync(new CreateMemoryRequest(Memory.Id), null, cancellationToken).ConfigureAwait(false);
        }

        _writes = 0;
    }

    /// <summary>Below 2^53, so that it travels through any JSON.</summary>
    private ulong SeedOf(int write) => ((ulong)_settings.Seed << 40) ^ ((ulong)_item << 20) ^ (ulong)write;
}
