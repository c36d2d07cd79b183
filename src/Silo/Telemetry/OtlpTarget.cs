using OpenTelemetry.Exporter;

namespace LatentDb.Silo.Telemetry;

/// <summary>The collector that telemetry is sent to. Headers, time-outs and compression are set by the standard OTEL_EXPORTER_OTLP_* variables.</summary>
/// <param name="Endpoint">Its address; null = as OTEL_EXPORTER_OTLP_ENDPOINT says.</param>
internal sealed record OtlpTarget(Uri? Endpoint)
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ProtocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL";

    /// <summary>Null when nobody wants telemetry.</summary>
    public static OtlpTarget? Of(SiloOptions options)
    {
        if (options.OtlpEndpoint.Length > 0) return new OtlpTarget(new Uri(options.OtlpEndpoint));
        return string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EndpointVariable)) ? null : new OtlpTarget((Uri?)null);
    }

    public void ForTraces(OtlpExporterOptions exporter) => Set(exporter, "v1/traces");

    public void ForMetrics(OtlpExporterOptions exporter) => Set(exporter, "v1/metrics");

    public void ForLogs(OtlpExporterOptions exporter) => Set(exporter, "v1/logs");

    /// <summary>The usual ports tell the protocol: 4318 is HTTP, 4317 gRPC. OTEL_EXPORTER_OTLP_PROTOCOL has the last word.</summary>
    private void Set(OtlpExporterOptions exporter, string path)
    {
        if (Endpoint is null) return;
        bool isHttp = Environment.GetEnvironmentVariable(ProtocolVariable) is { Length: > 0 } protocol ? protocol == "http/protobuf" : Endpoint.Port != 4317;
        exporter.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = isHttp ? new Uri($"{Endpoint.AbsoluteUri.TrimEnd('/')}/{path}") : Endpoint;
    }
}
