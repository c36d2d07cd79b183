using System.Diagnostics;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Cluster.Running;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>
/// A client as a careful user writes one: what fails in passing it asks again, of another silo, under the same idempotency key, until it is told or gives up.
/// </summary>
public sealed class LoadClient : IDisposable
{
    /// <summary>A silo that is silent for so long is left for another; what it was asked may still happen.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    /// <summary>After this the outcome is unknown.</summary>
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly int _number;
    private readonly IReadOnlyList<ClusterSilo> _silos;
    private readonly Random _random;
    private readonly HttpClient[] _https;
    private int _written;

    /// <param name="number">Tells it from the others.</param>
    /// <param name="silos">Whom it may ask.</param>
    /// <param name="seed">Of what it asks.</param>
    public LoadClient(int number, IReadOnlyList<ClusterSilo> silos, int seed)
    {
        _number = number;
        _silos = silos;
        _random = new Random(seed);
        _https = [.. silos.Select(_ => new HttpClient())];
    }

    /// <summary>Answers that no fault explains.</summary>
    public List<string> Surprises { get; } = [];

    /// <summary>Tries that were in vain, by reason.</summary>
    public Dictionary<string, int> Vain { get; } = new(StringComparer.Ordinal);

    /// <summary>Asks one memory after the other until it is stopped; what has begun is ended.</summary>
    public async Task RunAsync(IReadOnlyList<LoadHistory> memories, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested) await StepAsync(memories[_random.Next(memories.Count)]);
    }

    public void Dispose()
    {
        foreach (HttpClient http in _https) http.Dispose();
    }

    private Task StepAsync(LoadHistory memory)
    {
        string key = $"{_number}-{++_written}";
        var write = new WriteOptions { IdempotencyKey = key };
        int draw = _random.Next(20);
        if (draw < 9) return AskAsync(memory, OperationKind.Write, 0, key, async (m, c) => (await m.InjectAsync(new InjectRequest { Text = $"Person {_number} has seen {_written} birds in Lisbon." }, write, c)).Version);
        if (draw < 11) return AskAsync(memory, OperationKind.Write, 0, key, async (m, c) => (await m.RollBackAsync("1", write, c)).Version);
        if (draw < 13) return WriteOverAsync(memory, key);
        if (draw < 15) return AskAsync(memory, OperationKind.Read, 0, null, async (m, c) => (await m.QueryAsync(new QueryRequest { Prompt = "Who is there?", MaxTokens = 2 }, c)).Version);
        return AskAsync(memory, OperationKind.Read, 0, null, async (m, c) => (await m.GetAsync(c)).Version);
    }

    /// <summary>A write over the head that this client knows of, which is refused when another client was faster.</summary>
    private Task WriteOverAsync(LoadHistory memory, string key)
    {
        long head = Math.Max(1, memory.Operations.Max(o => o.Version));
        var write = new WriteOptions { IdempotencyKey = key, IfVersion = head };
        return AskAsync(memory, OperationKind.WriteIfHead, head, key, async (m, c) => (await m.RollBackAsync("1", write, c)).Version);
    }

    private async Task AskAsync(LoadHistory memory, OperationKind kind, long expected, string? key, Func<MemoryClient, CancellationToken, Task<long>> ask)
    {
        long invoked = Stopwatch.GetTimestamp();
        int silo = _random.Next(_silos.Count);
        for (; Stopwatch.GetElapsedTime(invoked) < GiveUp; silo = (silo + 1) % _silos.Count)
        {
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                long version = await ask(ClientOf(silo).Memory(memory.Memory), patience.Token);
                memory.Add(_number, kind, version, OperationOutcome.Done, invoked, key);
                return;
            }
            catch (ApiProblemException refusal) when (refusal.Code == "precondition_failed")
            {
                memory.Add(_number, kind, expected, OperationOutcome.Conflict, invoked);
                return;
            }
            catch (ApiProblemException refusal) when ((int)refusal.Status is not (503 or 429))
            {
                Surprises.Add($"{memory.Memory}, {kind}, by {_silos[silo].Name}: {(int)refusal.Status} {refusal.Code}: {refusal.Message}");
                break;
            }
            catch (ApiProblemException refusal)
            {
                Count(refusal.Code);
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
            {
                Count(broken is OperationCanceledException ? "silent" : "broken");
            }

            await Task.Delay(Pause, CancellationToken.None);
        }

        memory.Add(_number, kind, expected, OperationOutcome.Unknown, invoked);
    }

    /// <summary>Each start gives a silo another address, and an HttpClient keeps its own once used.</summary>
    private LatentDbClient ClientOf(int silo)
    {
        Uri address = _silos[silo].Address;
        if (_https[silo].BaseAddress != address)
        {
            _https[silo].Dispose();
            _https[silo] = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        }

        return new LatentDbClient(_https[silo], new ClientOptions { MaxAttempts = 1 });
    }

    private void Count(string reason) => Vain[reason] = Vain.GetValueOrDefault(reason) + 1;
}
