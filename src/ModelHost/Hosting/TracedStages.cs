using System.Diagnostics;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Scheduling;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Hosting;

/// <summary>The waits of a request, each with its span. A span that begins in one of these methods is over when it returns.</summary>
internal static class TracedStages
{
    /// <summary>Waits for a place at the model.</summary>
    public static async ValueTask<StepScheduler.Admission> EnterAsync(this ModelTelemetry telemetry, StepScheduler scheduler, CancellationToken cancellationToken)
    {
        using Activity? span = telemetry.Begin("model.queue");
        return await scheduler.EnterAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for a turn to compute: a prefill, or a piece of an inject. Those of single tokens are summed up instead.</summary>
    public static async ValueTask<StepScheduler.Turn> TakeTurnAsync(
        this ModelTelemetry telemetry, StepScheduler.Admission place, CancellationToken cancellationToken, int chunk = 0)
    {
        using Activity? span = telemetry.BeginChunk("model.turn", chunk);
        return await place.TakeTurnAsync(cancellationToken).ConfigureAwait(false);
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
}
