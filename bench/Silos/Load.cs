using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace LatentDb.Silos;

/// <summary>One caller for each memory, who asks again as soon as he is answered. Counts answers; whatever is not one ends the measurement.</summary>
internal sealed class Load : IDisposable
{
    private const string Sentence = "Maria lives in Lisbon and works as a baker. ";

    private readonly ServedCluster _cluster;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(1) };
    private readonly byte[] _body;
    private readonly Uri[] _paths;
    private long _answers;

    public Load(ServedCluster cluster, Settings settings)
    {
        _cluster = cluster;
        string text = string.Concat(Enumerable.Repeat(Sentence, settings.Sentences)).Trim();
        _body = Encoding.UTF8.GetBytes(settings.Asks
            ? """{"prompt":"Question: Where does Maria live? Answer:","max_tokens":16,"temperature":0}"""
            : $$"""{"text":"{{text}}"}""");
        string verb = settings.Asks ? "query" : "inject";
        _paths = [.. cluster.Memories.Select((memory, i) => new Uri(cluster.Addresses[i % cluster.Addresses.Length], $"/v1/memories/{memory}/{verb}"))];
    }

    public async Task CreateMemoriesAsync()
    {
        for (int i = 0; i < _cluster.Memories.Length; i++)
        {
            await PostAsync(new Uri(_cluster.Addresses[0], "/v1/memories"), Encoding.UTF8.GetBytes($$"""{"id":"{{_cluster.Memories[i]}}"}"""), CancellationToken.None);
            byte[] first = Encoding.UTF8.GetBytes($$"""{"text":"{{Sentence.Trim()}}"}""");
            await PostAsync(new Uri(_cluster.Addresses[0], $"/v1/memories/{_cluster.Memories[i]}/inject"), first, CancellationToken.None);
        }
    }

    /// <summary>Answers a second, and what they took, over a time that begins when all callers are at work.</summary>
    public async Task<Measured> RunAsync(double seconds)
    {
        using var end = new CancellationTokenSource();
        Task[] callers = [.. _paths.Select(path => CallAsync(path, end.Token))];
        await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
        long answersBefore = Interlocked.Read(ref _answers);
        (TimeSpan Counted, TimeSpan Front) usedBefore = _cluster.Used();
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAny([Task.Delay(TimeSpan.FromSeconds(seconds), CancellationToken.None), .. callers]);
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        (TimeSpan Counted, TimeSpan Front) usedAfter = _cluster.Used();
        long answers = Interlocked.Read(ref _answers) - answersBefore;
        await end.CancelAsync();
        await Task.WhenAll(callers);
        return new Measured(answers / took, (usedAfter.Counted - usedBefore.Counted).TotalSeconds / took, (usedAfter.Front - usedBefore.Front).TotalSeconds / took);
    }

    public void Dispose() => _http.Dispose();

    private async Task CallAsync(Uri path, CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (!cancellationToken.IsCancellationRequested)
        {
            await PostAsync(path, _body, CancellationToken.None);
            Interlocked.Increment(ref _answers);
        }
    }

    private async Task PostAsync(Uri path, byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage answer = await _http.PostAsync(path, content, cancellationToken);
        if (answer.IsSuccessStatusCode) return;
        string why = await answer.Content.ReadAsStringAsync(cancellationToken);
        throw new InvalidOperationException($"{path} answered {answer.StatusCode}: {why}");
    }

    /// <param name="PerSecond">Answers.</param>
    /// <param name="Counted">Cores that all counted silos took.</param>
    /// <param name="Front">Cores that the front took.</param>
    internal sealed record Measured(double PerSecond, double Counted, double Front);
}
