namespace LatentDb.Silo.Telemetry;

/// <summary>Makes counters of a room visible as zero before their first event, so that an alert on their increase cannot miss it.</summary>
/// <param name="Run">Adds zeros; called once, when somebody listens.</param>
internal sealed record MetricAnnouncement(Action Run);
