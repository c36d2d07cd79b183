namespace LatentDb.ModelHost.Scheduling;

/// <summary>How much work the model host takes on.</summary>
/// <param name="MaxActive">Requests whose passes interleave; each holds a key/value cache.</param>
/// <param name="MaxWaiting">Requests that wait for a place; one more is refused.</param>
/// <param name="ConcurrentSteps">Passes that compute at the same instant; each uses every core, so more than one rarely helps.</param>
internal sealed record SchedulerOptions(int MaxActive, int MaxWaiting, int ConcurrentSteps);
