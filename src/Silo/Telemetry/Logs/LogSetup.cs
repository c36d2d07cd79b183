using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Logs;

namespace LatentDb.Silo.Telemetry.Logs;

/// <summary>Where log entries go: the console, as text or JSON, and the collector when there is one.</summary>
internal static class LogSetup
{
    public static void Add(ILoggingBuilder logging, SiloOptions options)
    {
        if (options.LogFormat == "json")
        {
            logging.AddConsole(console => console.FormatterName = JsonLogFormatter.FormatterName);
            logging.AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>();
        }

        if (OtlpTarget.Of(options) is not { } otlp) return;
        logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.SetResourceBuilder(TelemetryProviders.DescribeService());
            logs.AddOtlpExporter(otlp.ForLogs);
        });
    }
}
