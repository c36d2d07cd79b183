using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http.Streams;

/// <summary>
/// Long work as server-sent events: progress while it goes on, then done with its report, or error with a problem. What is refused at once is refused
/// with a status of its own. Who closes the connection ends the work.
/// </summary>
internal sealed partial class JobStream(TimeProvider time, ILogger<JobStream> logger)
{
    /// <summary>Often enough for eyes, seldom enough to cost nothing.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    /// <param name="context">The request.</param>
    /// <param name="work">Does the work and tells how far it is; its answer is the report.</param>
    public async Task RunAsync<T>(HttpContext context, Func<IProgress<JobProgress>, CancellationToken, Task<T>> work)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var latest = new Latest();
        Task<T> running = work(latest, ended.Token);
        try
        {
            await WaitAsync(running, ended.Token).ConfigureAwait(false);
            if (running.IsFaulted) await running.ConfigureAwait(false); // Refused before the first byte.
            await TellAsync(context, running, latest, ended.Token).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TellAsync<T>(HttpContext context, Task<T> running, Latest latest, CancellationToken cancellationToken)
    {
        var stream = new ServerSentEvents(context);
        stream.Begin();
        try
        {
            while (!running.IsCompleted)
            {
                if (latest.Value is { } value) await stream.WriteAsync("progress", value, cancellationToken).ConfigureAwait(false);
                await WaitAsync(running, cancellationToken).ConfigureAwait(false);
            }

            if (latest.Value is { } last) await stream.WriteAsync("progress", last, cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync("done", await running.ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            throw; // Nobody is there to be told.
        }
        catch (Exception error) when (ProblemTranslator.Translate(error) is { } known)
        {
            // As everywhere at the edge: what the caller can mend or try again is no error of the server's.
            if (known.Code.Remedy is Remedy.FixRequest or Remedy.RetryLater) LogRefused(known.Code.Name);
            else LogBroken(error, known.Code.Name);
            await stream.WriteAsync("error", ProblemWriter.ToProblem(context, known), context.RequestAborted).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The request edge of a stream: its status is sent already, so a defect is told in its last event.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogBroken(error, ErrorCode.Internal.Name);
            await stream.WriteAsync("error", ProblemWriter.ToProblem(context, ProblemTranslator.Defect(error)), context.RequestAborted).ConfigureAwait(false);
        }
    }

    private Task<Task> WaitAsync(Task running, CancellationToken cancellationToken) => Task.WhenAny(running, Task.Delay(Period, time, cancellationToken));

    [LoggerMessage(4103, LogLevel.Error, "Work on the store ended early with {Code}")]
    private partial void LogBroken(Exception error, string code);

    [LoggerMessage(4105, LogLevel.Debug, "Work on the store was refused with {Code}")]
    private partial void LogRefused(string code);

    private sealed class Latest : IProgress<JobProgress>
    {
        private JobProgress? _value;

        public JobProgress? Value => Volatile.Read(ref _value);

        public void Report(JobProgress value) => Volatile.Write(ref _value, value);
    }
}

/// <summary>How far a job is.</summary>
/// <param name="Stage">What is being done, in a word or two.</param>
/// <param name="Done">Units of this stage so far: bytes where the stage is about bytes, else what the stage names.</param>
/// <param name="Total">Units of this stage in all; absent when unknown.</param>
internal sealed record JobProgress(string Stage, long Done, long? Total);
