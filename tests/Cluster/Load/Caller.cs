using System.Diagnostics;
using LatentDb.Client;
using LatentDb.Cluster.Running;

namespace LatentDb.Cluster.Load;

/// <summary>Asks as a careful user does: what fails in passing is asked again, of another silo, until there is an answer or the time is over. For one client.</summary>
/// <param name="silos">Whom it may ask.</param>
/// <param name="random">Chooses whom it asks first.</param>
public sealed class Caller(IReadOnlyList<ClusterSilo> silos, Random random) : IDisposable
{
    /// <summary>A silo that is silent for so long is left for another; what it was asked may still happen.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>After this the outcome is unknown.</summary>
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Answers to a request, beside its success, that mean something.</summary>
    private static readonly string[] Meaningful = ["precondition_failed", "memory_not_found", "memory_exists"];

    /// <summary>Refusals that say that nothing was done.</summary>
    private static readonly string[] Untouched = ["not_owner", "overloaded"];

    private readonly HttpClient[] _https = [.. silos.Select(_ => new HttpClient())];

    /// <summary>Answers that no fault explains.</summary>
    public List<string> Surprises { get; } = [];

    /// <summary>Tries that were in vain, by reason.</summary>
    public Dictionary<string, int> Vain { get; } = new(StringComparer.Ordinal);

    /// <summary>Asks until there is an answer.</summary>
    /// <param name="what">For the message about a surprise.</param>
    /// <param name="ask">One try.</param>
    /// <param name="isRepeatable">False: a try of which nobody knows what it did is the last.</param>
    public async Task<Told<T>> AskAsync<T>(string what, Func<LatentDbClient, CancellationToken, Task<T>> ask, bool isRepeatable = true)
    {
        long start = Stopwatch.GetTimestamp();
        for (int silo = random.Next(silos.Count); Stopwatch.GetElapsedTime(start) < GiveUp; silo = (silo + 1) % silos.Count)
        {
            (Told<T> told, bool isUntouched) = await TryAsync($"{what} by {silos[silo].Name}", silo, ask, Patience);
            if (!told.IsUnknown || (!isUntouched && !isRepeatable)) return told;
            await Task.Delay(Pause, CancellationToken.None);
        }

        return new Told<T>(default, null, IsAnswered: false);
    }

    /// <summary>Asks once, and goes away soon.</summary>
    public async Task<Told<T>> AskOnceAsync<T>(string what, Func<LatentDbClient, CancellationToken, Task<T>> ask, TimeSpan patience) =>
        (await TryAsync(what, random.Next(silos.Count), ask, patience)).Told;

    public void Dispose()
    {
        foreach (HttpClient http in _https) http.Dispose();
    }

    private async Task<(Told<T> Told, bool IsUntouched)> TryAsync<T>(string what, int silo, Func<LatentDbClient, CancellationToken, Task<T>> ask, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        string vain;
        bool isUntouched = false;
        try
        {
            return (new Told<T>(await ask(ClientOf(silo), limit.Token), null, IsAnswered: true), false);
        }
        catch (ApiProblemException refusal) when (Meaningful.Contains(refusal.Code))
        {
            return (new Told<T>(default, refusal.Code, IsAnswered: false), false);
        }
        catch (ApiProblemException refusal)
        {
            if ((int)refusal.Status is not (503 or 429)) Surprises.Add($"{what}: {(int)refusal.Status} {refusal.Code}: {refusal.Message}");
            vain = refusal.Code;
            isUntouched = Untouched.Contains(refusal.Code);
        }
        catch (HttpRequestException broken)
        {
            isUntouched = broken.HttpRequestError == HttpRequestError.ConnectionError;
            vain = isUntouched ? "nobody there" : "broken";
        }
        catch (IOException)
        {
            vain = "broken";
        }
        catch (OperationCanceledException)
        {
            vain = "silent";
        }

        Vain[vain] = Vain.GetValueOrDefault(vain) + 1;
        return (new Told<T>(default, null, IsAnswered: false), isUntouched);
    }

    /// <summary>Each start gives a silo another address, and an HttpClient keeps its own once used.</summary>
    private LatentDbClient ClientOf(int silo)
    {
        Uri address = silos[silo].Address;
        if (_https[silo].BaseAddress != address)
        {
            _https[silo].Dispose();
            _https[silo] = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        }

        return new LatentDbClient(_https[silo], new ClientOptions { MaxAttempts = 1 });
    }
}
