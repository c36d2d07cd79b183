namespace LatentDb.Silo.Telemetry;

/// <summary>Meters and activity sources that this process listens to. Rooms make theirs under these names; nobody needs to register anything.</summary>
internal static class TelemetryNames
{
    /// <summary>Meter of the edge: problems, refused credentials, limits, audit.</summary>
    public const string Silo = "LatentDb.Silo";

    /// <summary>The service's name in exported telemetry unless OTEL_SERVICE_NAME gives another.</summary>
    public const string Service = "latentdb";

    /// <summary>HTTP requests as ASP.NET Core sees them.</summary>
    public const string Requests = "Microsoft.AspNetCore.Hosting";

    public static string[] Meters { get; } =
    [
        Silo, "LatentDb.Grains", "LatentDb.ModelHost", "LatentDb.MemoryStore",
        Requests, "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime",
    ];

    public static string[] Sources { get; } = [Silo, "LatentDb.Grains", "LatentDb.ModelHost", "LatentDb.MemoryStore", "Microsoft.AspNetCore"];
}
