using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Cluster;
using LatentDb.Silo.Admin;
using LatentDb.Silo.Admin.Audit;
using LatentDb.Silo.Admin.Keys;
using LatentDb.Silo.Admin.Tenants;
using LatentDb.Silo.Api;
using LatentDb.Silo.Api.Archives;
using LatentDb.Silo.Api.Query;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Cluster;
using LatentDb.Silo.Health;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Edge;
using LatentDb.Silo.Http.Streams;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Mcp;
using LatentDb.Silo.OpenAi;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Tls;
using LatentDb.Silo.Telemetry;
using LatentDb.Silo.WebConsole;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LatentDb.Silo.Composition;

/// <summary>Puts the process together: the only place that sees every project.</summary>
internal static class SiloBuilder
{
    /// <param name="arguments">The command line.</param>
    /// <param name="adjust">Last word on the services, for tests.</param>
    /// <exception cref="MemoryStore.Errors.LatentDbException">configuration_invalid.</exception>
    public static WebApplication Build(string[] arguments, Action<WebApplicationBuilder>? adjust = null)
    {
        // Two readers of one stream must see the same requests: proxies do not agree on whether a lone LF ends a line. Kestrel has no option for it.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        SiloOptions options = SiloConfiguration.Read(builder.Configuration, arguments);
        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(kestrel => Limit(kestrel, options));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.DrainSeconds + 10));
        builder.AddTelemetry(options);
        foreach (Action announce in (Action[])[SecurityMetrics.Announce, LimitMetrics.Announce, AuditMetrics.Announce, RouteMetrics.Announce]) builder.Services.AddSingleton(new MetricAnnouncement(announce));
        SiloParts.Add(builder.Services, options);
        AddApi(builder.Services, options);
        adjust?.Invoke(builder);

        WebApplication app = builder.Build();
        app.UseMiddleware<RequestTrace>();
        app.UseMiddleware<AnswerHeaders>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<RequestShape>();
        app.UseMiddleware<HostGuard>();
        app.UseMiddleware<SiteGuard>();
        app.UseRouting();
        app.UseMiddleware<AuditRequests>();
        app.UseMiddleware<Authentication>();
        app.UseMiddleware<LimitRequests>();
        if (ClusterSettings.Has(options, SiloRoles.Api)) MapApi(app);
        AdminRoutes.Map(app);
        KeyRoutes.Map(app);
        AuditRoutes.Map(app);
        TenantRoutes.Map(app);
        HealthRoutes.Map(app);
        MetricsRoute.Map(app, options);
        OpenApiRoute.Map(app);
        return app;
    }

    private static void MapApi(WebApplication app)
    {
        Routes.Map(app);
        app.MapOpenAi();
        app.MapMcp();
        app.MapConsole();
    }

    private static void AddApi(IServiceCollection services, SiloOptions options)
    {
        services.AddSingleton<KeyVerbs>();
        services.AddSingleton<OpenApiRoute>();
        services.AddSingleton(new BodyReader(options, BodyBudget.For(options)));
        services.AddSingleton<AuditVerbs>();
        services.AddSingleton<TenantVerbs>();
        services.AddSingleton<QueryMemory>();
        services.AddSingleton<ExportMemory>();
        services.AddSingleton<ImportMemory>();
        services.AddSingleton<JobStream>();
        services.AddOpenAi();
        services.AddMcp();
        services.AddSingleton<CompactStore>();
        services.AddSingleton<ScrubStore>();
        services.AddConsole();
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddOpenApi("v1", OpenApiSetup.Configure);
    }

    /// <summary>Bounds against slow and greedy clients; the body's own limit is checked where it is read, so that the answer is a problem.</summary>
    private static void Limit(KestrelServerOptions kestrel, SiloOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.UseTls(options);
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes + BodyReader.SpillBytes + 1;
        ConnectionLimits.Apply(kestrel.Limits);
    }
}
