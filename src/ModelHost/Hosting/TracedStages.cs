using System.Diagnostics;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Scheduling;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Hosting;

/// <summary>The stages of a request, each with its span. A span that begins in one of these methods is over when it returns.</summary>
internal static class TracedStages
{
    /// <summary>Waits for a place at the model.</summary>
    public static async ValueTask<Place> EnterAsync(this ModelTelemetry telemetry, BatchScheduler scheduler, Demand demand, CancellationToken cancellationToken)
    {
        using Activity? span = telemetry.Begin("model.queue");
        return await scheduler.EnterAsync(demand, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the rows that a pass reads are in memory.</summary>
    public static async ValueTask<PinHandle> PinAsync(this ModelTelemetry telemetry, TimeProvider time, Func<ValueTask<PinHandle>> pin, int chunk = 0)
    {
        long started = time.GetTimestamp();
        using Activity? span = telemetry.BeginChunk("model.page_in", chunk);
        PinHandle rows = await pin().ConfigureAwait(false);
        telemetry.Pinned(span, rows.Slices, rows.Misses, rows.MissedBytes, time.GetElapsedTime(started));
        return rows;
    }

    /// <summary>A work is finished in the loop: its spans are told afterwards, because they belong to the request and not to the loop's thread.</summary>
    /// <param name="telemetry">Where to.</param>
    /// <param name="time">The loop's clock.</param>
    /// <param name="times">Of the work.</param>
    /// <param name="name">What it did.</param>
    /// <param name="tokens">How many it read.</param>
    /// <param name="chunk">Which piece of the request it was.</param>
    public static void Computed(this ModelTelemetry telemetry, TimeProvider time, LoopTimes times, string name, int tokens, int chunk = 0)
    {
        telemetry.Past(time, "model.turn", chunk, times.HandedIn, times.Started)?.Dispose();
        telemetry.Past(time, name, chunk, times.Started, times.Finished)?.SetTag("latentdb.tokens", tokens).Dispose();
    }
}
