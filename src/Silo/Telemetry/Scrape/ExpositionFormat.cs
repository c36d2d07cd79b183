using Microsoft.Net.Http.Headers;

namespace LatentDb.Silo.Telemetry.Scrape;

/// <summary>One of the two texts that Prometheus and its kin read.</summary>
/// <param name="ContentType">How an answer in it is marked.</param>
/// <param name="IsOpenMetrics">OpenMetrics 1.0, with exemplars; else Prometheus text 0.0.4, which has none.</param>
internal sealed record ExpositionFormat(string ContentType, bool IsOpenMetrics)
{
    private const string OpenMetricsType = "application/openmetrics-text";

    public static ExpositionFormat Prometheus { get; } = new("text/plain; version=0.0.4; charset=utf-8", IsOpenMetrics: false);

    public static ExpositionFormat OpenMetrics { get; } = new($"{OpenMetricsType}; version=1.0.0; charset=utf-8", IsOpenMetrics: true);

    /// <summary>OpenMetrics for who asks for it at least as much as for plain text; a browser and curl get what a person reads.</summary>
    public static ExpositionFormat For(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? accepted)) return Prometheus;
        double wanted = QualityOf(accepted, t => t.MediaType.Equals(OpenMetricsType, StringComparison.OrdinalIgnoreCase) && IsKnownVersion(t));
        double plain = QualityOf(accepted, t => t.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase));
        return wanted > 0 && wanted >= plain ? OpenMetrics : Prometheus;
    }

    private static double QualityOf(IList<MediaTypeHeaderValue> accepted, Func<MediaTypeHeaderValue, bool> isMeant) =>
        accepted.Where(isMeant).Select(t => t.Quality ?? 1).DefaultIfEmpty(0).Max();

    private static bool IsKnownVersion(MediaTypeHeaderValue type) =>
        type.Parameters.FirstOrDefault(p => p.Name.Equals("version", StringComparison.OrdinalIgnoreCase)) is not { } version || version.Value.StartsWith("1.", StringComparison.Ordinal) || version.Value == "0.0.1";
}
