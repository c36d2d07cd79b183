using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace LatentDb.Silo.Tests.Support;

/// <summary>Keeps what was logged; a warning that a test has not declared fails it.</summary>
internal sealed class LogGuard : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyCollection<LogLine> Warnings => [.. _lines.Where(l => l.Level >= LogLevel.Warning)];

    public IReadOnlyCollection<LogLine> Lines => _lines;

    /// <summary>Takes the declared warnings out; what is left fails the test.</summary>
    public void AssertOnly(params int[] declaredEvents)
    {
        string[] others = [.. Warnings.Where(l => !declaredEvents.Contains(l.EventId)).Select(l => $"{l.Level} {l.Category}[{l.EventId}] {l.Message} {l.Error}")];
        Assert.True(others.Length == 0, string.Join('\n', others));
    }

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _lines);

    public void Dispose()
    {
    }

    internal sealed record LogLine(LogLevel Level, string Category, int EventId, string Message, Exception? Error);

    private sealed class Logger(string category, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(logLevel, category, eventId.Id, formatter(state, exception), exception));
    }
}
