using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// What one place has in the loop: a work, and the answer that follows it. Handed over by its owner, then touched by the loop's thread alone until
/// <see cref="Task"/> ends; what it says of times may be read after that.
/// </summary>
internal sealed class LoopRequest
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="place">On whose account it computes.</param>
    /// <param name="work">What is computed first.</param>
    /// <param name="sequence">The answer that begins when the work is finished; null = none.</param>
    /// <param name="cancellationToken">Ends it before its next piece or step.</param>
    public LoopRequest(Place place, ILayerWork work, IDecodeSequence? sequence, CancellationToken cancellationToken)
    {
        (Place, Work, Sequence, CancellationToken) = (place, work, sequence, cancellationToken);
    }

    public Place Place { get; }

    public ILayerWork Work { get; }

    public IDecodeSequence? Sequence { get; }

    public RequestPriority Priority => Place.Priority;

    /// <summary>What the next piece waits for; null = nothing.</summary>
    public Task? Wait { get; set; }

    /// <summary>It could compute now, or must be looked at because its wait has ended.</summary>
    public bool IsReady => !IsEnded && Wait is not { IsCompleted: false };

    /// <summary>True once the work is finished: the answer is being generated.</summary>
    public bool IsDecoding { get; set; }

    public CancellationToken CancellationToken { get; }

    public bool IsCancelled => CancellationToken.IsCancellationRequested;

    /// <summary>True once the loop is not to touch it any more.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Ends when the loop will not touch the work or the answer any more.</summary>
    public Task Task => _ended.Task;

    /// <summary>Where its time went. Each part may be read as soon as it is over.</summary>
    public LoopTimes Times { get; } = new();

    /// <summary>
    /// The last that the loop does with it. Its owner hears of it when nothing writes into its buffers any more: after the wait, if it waits.
    /// </summary>
    public void End(Exception? error)
    {
        if (IsEnded) return;
        IsEnded = true;
        if (Wait is { IsCompleted: false } wait) _ = wait.ContinueWith(_ => Tell(error), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        else Tell(error);
    }

    private void Tell(Exception? error)
    {
        try
        {
            Sequence?.End(error);
        }
#pragma warning disable CA1031 // Whatever the end of an answer throws must reach its owner, and must not stop the loop.
        catch (Exception defect)
#pragma warning restore CA1031
        {
            error ??= defect;
        }

        if (error is null) _ended.TrySetResult();
        else if (error is OperationCanceledException && IsCancelled) _ended.TrySetCanceled(CancellationToken);
        else _ended.TrySetException(error);
    }
}
