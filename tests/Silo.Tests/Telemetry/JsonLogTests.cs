using System.Diagnostics;
using System.Text.Json;
using LatentDb.Silo.Telemetry.Logs;
using LatentDb.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>One entry of the log as one line of JSON.</summary>
public sealed class JsonLogTests
{
    [Fact]
    public void An_entry_has_its_trace_its_fields_and_its_error()
    {
        using var span = new Activity("test");
        span.Start();
        KeyValuePair<string, object?>[] state = [new("Count", 3), new("Name", "a \"b\"\nc"), new("Share", 0.5), new("Nothing", null), new("{OriginalFormat}", "{Count}")];

        JsonElement line = Write(new LogEntry<KeyValuePair<string, object?>[]>(
            LogLevel.Error, "Some.Category", new EventId(7), state, new InvalidOperationException("broken"), (_, _) => "line one\nline two"));

        Assert.Equal(("error", "Some.Category", 7), (line.GetProperty("level").GetString(), line.GetProperty("category").GetString(), line.GetProperty("event").GetInt32()));
        Assert.Equal("line one\nline two", line.GetProperty("message").GetString());
        Assert.Equal((span.TraceId.ToString(), span.SpanId.ToString()), (line.GetProperty("trace_id").GetString(), line.GetProperty("span_id").GetString()));
        Assert.Equal("""{"Count":3,"Name":"a \"b\"\nc","Share":0.5,"Nothing":null}""", line.GetProperty("fields").GetRawText());
        Assert.Equal("broken", line.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal("2030-01-02T03:04:05.006Z", line.GetProperty("time").GetString());
    }

    [Fact]
    public void An_entry_outside_of_any_trace_has_none()
    {
        Activity.Current = null;

        JsonElement line = Write(new LogEntry<string>(LogLevel.Information, "c", default, "state", null, (s, _) => s));

        Assert.False(line.TryGetProperty("trace_id", out _));
        Assert.False(line.TryGetProperty("fields", out _));
    }

    private static JsonElement Write<T>(LogEntry<T> entry)
    {
        var time = new ManualTimeProvider();
        time.Set(new DateTimeOffset(2030, 1, 2, 3, 4, 5, 6, TimeSpan.Zero));
        var formatter = new JsonLogFormatter(time);
        using var writer = new StringWriter();
        formatter.Write(entry, null, writer);
        string text = writer.ToString();
        Assert.Equal(text.Length - writer.NewLine.Length, text.IndexOf('\n', StringComparison.Ordinal));
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
