using LatentDb.Silo.Telemetry.Logs;
using LatentDb.Silo.Telemetry.Scrape;

namespace LatentDb.Silo.Telemetry;

/// <summary>Registers what watches the process. Comes first, so that it hears the store's opening and stops last.</summary>
internal static class TelemetryRegistration
{
    public static void AddTelemetry(this WebApplicationBuilder builder, SiloOptions options)
    {
        LogSetup.Add(builder.Logging, options);
        IServiceCollection services = builder.Services;
        services.AddSingleton<SiloMetrics>();
        services.AddSingleton<MetricsScrape>();
        services.AddSingleton<TelemetryProviders>();
        services.AddHostedService(provider => provider.GetRequiredService<TelemetryProviders>());
    }
}
