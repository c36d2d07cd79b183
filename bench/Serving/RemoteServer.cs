using System.Net;
using System.Runtime.CompilerServices;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Serving;

/// <summary>A running server, asked over HTTP. Its memories are made anew for each run.</summary>
internal sealed class RemoteServer : IServed
{
    private readonly HttpClient _http;
    private readonly MemoryClient[] _memories;

    private RemoteServer(HttpClient http, MemoryClient[] memories)
    {
        _http = http;
        _memories = memories;
    }

    public string Name => $"server {_http.BaseAddress}";

    /// <summary>With keys each key is a tenant; without, all memories are the default tenant's.</summary>
    public static async Task<RemoteServer> ConnectAsync(Settings settings, Uri address)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        LatentDbClient[] tenants = settings.Keys.Count == 0
            ? [new LatentDbClient(http, new ClientOptions { MaxAttempts = 1 })]
            : [.. settings.Keys.Select(key => new LatentDbClient(http, new ClientOptions { ApiKey = key, MaxAttempts = 1 }))];
        string run = Guid.NewGuid().ToString("N")[..8];
        var memories = new MemoryClient[settings.Memories];
        for (int i = 0; i < memories.Length; i++)
        {
            LatentDbClient tenant = tenants[i % tenants.Length];
            await tenant.CreateMemoryAsync(new CreateMemoryRequest($"load-{run}-{i}"));
            memories[i] = tenant.Memory($"load-{run}-{i}");
        }

        return new RemoteServer(http, memories);
    }

    public Task InjectAsync(int memory, string text, CancellationToken cancellationToken) => _memories[memory].InjectAsync(text, cancellationToken);

    public async IAsyncEnumerable<string> AskAsync(int memory, string prompt, int maxTokens, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (QueryStep step in _memories[memory].StreamAsync(new QueryRequest { Prompt = prompt, MaxTokens = maxTokens }, cancellationToken))
        {
            if (step is QueryText piece) yield return piece.Text;
        }
    }

    public bool IsRefusal(Exception error) => error is ApiProblemException { Status: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable };

    public async ValueTask DisposeAsync()
    {
        foreach (MemoryClient memory in _memories) await memory.EraseAsync();
        _http.Dispose();
    }
}
