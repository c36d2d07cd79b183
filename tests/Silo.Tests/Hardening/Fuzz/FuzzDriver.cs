using System.Collections.Concurrent;

namespace LatentDb.Silo.Tests.Hardening.Fuzz;

/// <summary>Sends forged requests to a server, a connection each, and judges the answers.</summary>
internal sealed class FuzzDriver(Uri address, RequestForge forge)
{
    private const int Workers = 8;
    private const int MaxShown = 5;

    /// <summary>How long the client goes on without ending its half; a request without an end is answered only then.</summary>
    private static readonly TimeSpan ListeningTime = TimeSpan.FromMilliseconds(400);

    private static readonly int[] HonestFailures = [503, 507];

    private static readonly string[] Leaks = ["   at ", "System.", "LatentDb.", "Microsoft.", "Exception", ".cs:line", "/src/", "Orleans"];

    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private int _next;

    /// <summary>Answers by status; 0 = closed without one, as a request without an end may be.</summary>
    public string Counts => string.Join(", ", _statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}"));

    public int CountOf(Func<int, bool> isCounted) => _statuses.Where(s => isCounted(s.Key)).Sum(s => s.Value);

    /// <summary>Sends requests <paramref name="first"/> to <paramref name="end"/> - 1; returns what was wrong.</summary>
    public async Task<string[]> RunAsync(int first, int end)
    {
        _next = first - 1;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            while (_wrong.Count < MaxShown && Interlocked.Increment(ref _next) is var index && index < end) await TryAsync(forge.Make(index));
        })));
        return [.. _wrong.Take(MaxShown)];
    }

    private async Task TryAsync(ForgedRequest request)
    {
        try
        {
            RawAnswer? answer = await SendAsync(request);
            if (request.End != ClientEnd.Listens) return;
            _statuses.AddOrUpdate(answer?.Status ?? 0, 1, (_, count) => count + 1);
            if (Judge(answer) is { } verdict) _wrong.Enqueue($"{verdict}\n{request}\n{answer?.Text}");
        }
        catch (Exception error) when (error is TimeoutException or FormatException)
        {
            _wrong.Enqueue($"{error.Message}\n{request}");
        }
    }

    private async Task<RawAnswer?> SendAsync(ForgedRequest request)
    {
        await using RawConnection connection = await RawConnection.OpenAsync(address);
        await connection.SendAsync(request.Bytes);
        if (request.End == ClientEnd.Resets) connection.Reset();
        if (request.End != ClientEnd.Listens) return null;
        Task<RawAnswer?> answer = connection.ReadAnswerAsync(request.IsHead);
        await Task.WhenAny(answer, Task.Delay(ListeningTime));
        if (!answer.IsCompleted) connection.EndSending();
        return await answer;
    }

    private static string? Judge(RawAnswer? answer)
    {
        if (answer is null) return null;
        bool isOldVersion = answer.Status == 505 && answer.Text.Length == 0; // Kestrel's, before it knows what is asked.
        if (answer.Status >= 500 && !HonestFailures.Contains(answer.Status) && !isOldVersion) return $"{answer.Status} is not honest";
        if (answer.Status >= 400 && Leaks.FirstOrDefault(l => answer.Text.Contains(l, StringComparison.Ordinal)) is { } leak) return $"{answer.Status} with '{leak}'";
        if (answer.Head.Any(l => l.Contains("Evil", StringComparison.Ordinal))) return "a header that the client made";
        bool isProblem = answer.Header("Content-Type") is "application/problem+json" or "application/json; charset=utf-8" or "application/json"; // The latter two: OpenAI's shape and JSON-RPC's.
        return answer.Status >= 400 && answer.Text.Length > 0 && !isProblem ? $"{answer.Status} as {answer.Header("Content-Type")}" : null;
    }
}
