using System.Text.Json;
using System.Text.Json.Serialization;

namespace LatentDb.Cli.Evaluation;

/// <summary>
/// What an evaluation has measured so far: lines of JSON, flushed item by item, so that an interrupted run goes on where it was. The first line
/// holds the settings; other settings are another run and refused.
/// </summary>
internal sealed class Journal : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly StreamWriter _writer;
    private readonly List<Measurement> _measurements;
    private readonly HashSet<int> _done;

    private Journal(StreamWriter writer, string run, List<Measurement> measurements, HashSet<int> done)
    {
        _writer = writer;
        Run = run;
        _measurements = measurements;
        _done = done;
    }

    /// <summary>A name of this run that no other run has: part of the names of its memories.</summary>
    public string Run { get; }

    public IReadOnlyList<Measurement> Measurements => _measurements;

    public bool IsDone(int item) => _done.Contains(item);

    /// <summary>Opens or begins the journal at a path.</summary>
    /// <exception cref="UsageException">The file belongs to a run with other settings, or is none of ours.</exception>
    public static async Task<Journal> OpenAsync(string path, string protocol, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        string[] lines = File.Exists(path) ? await File.ReadAllLinesAsync(path, cancellationToken).ConfigureAwait(false) : [];
        var head = new Head(protocol, Guid.CreateVersion7().ToString("N")[^10..], new SortedDictionary<string, string>(settings.ToDictionary(), StringComparer.Ordinal));
        List<Measurement> measurements = [];
        HashSet<int> done = [];
        if (lines.Length > 0)
        {
            head = ReadHead(path, lines[0], head);
            Read(lines.AsSpan(1), measurements, done);
        }

        // Written again without what an interruption cut off, so that what follows begins on a line of its own.
        var writer = new StreamWriter(path, append: false);
        await writer.WriteLineAsync(JsonSerializer.Serialize(head, Json)).ConfigureAwait(false);
        var journal = new Journal(writer, head.Run, [], []);
        foreach (IGrouping<int, Measurement> item in measurements.Where(m => done.Contains(m.Item)).GroupBy(m => m.Item))
        {
            await journal.AddAsync(item.Key, [.. item], cancellationToken).ConfigureAwait(false);
        }

        return journal;
    }

    /// <summary>Everything that one item measured, at once: an item that was interrupted is done again as a whole.</summary>
    public async Task AddAsync(int item, IReadOnlyList<Measurement> measurements, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (Measurement measurement in measurements) await _writer.WriteLineAsync(JsonSerializer.Serialize(measurement, Json)).ConfigureAwait(false);
            await _writer.WriteLineAsync(JsonSerializer.Serialize(new Done(item), Json)).ConfigureAwait(false);
            await _writer.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            _measurements.AddRange(measurements);
            _done.Add(item);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private static Head ReadHead(string path, string line, Head wanted)
    {
        Head? found;
        try
        {
            found = JsonSerializer.Deserialize<Head>(line, Json);
        }
        catch (JsonException)
        {
            found = null;
        }

        if (found?.Settings is null) throw new UsageException($"'{path}' is no journal of an evaluation. Name another folder with --out.");
        string? other = found.Protocol != wanted.Protocol
            ? "protocol"
            : wanted.Settings.Keys.Union(found.Settings.Keys).FirstOrDefault(k => wanted.Settings.GetValueOrDefault(k) != found.Settings.GetValueOrDefault(k));
        return other is null ? found : throw new UsageException($"'{path}' holds a run with another {other}. Name another folder with --out, or delete it.");
    }

    private static void Read(ReadOnlySpan<string> lines, List<Measurement> measurements, HashSet<int> done)
    {
        foreach (string line in lines)
        {
            try
            {
                if (line.StartsWith("{\"done\":", StringComparison.Ordinal)) done.Add(JsonSerializer.Deserialize<Done>(line, Json)!.Item);
                else if (JsonSerializer.Deserialize<Measurement>(line, Json) is { } measurement) measurements.Add(measurement);
            }
            catch (JsonException)
            {
                break; // The interruption fell into this line; its item is not done.
            }
        }
    }

    private sealed record Head(string Protocol, string Run, SortedDictionary<string, string> Settings);

    private sealed record Done([property: JsonPropertyName("done")] int Item);
}
