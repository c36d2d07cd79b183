using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// One turn of the loop: a decode step of all running answers together (continuous batching: Orca, Yu et al. 2022), then pieces of prefills and
/// injects for a bounded time (Sarathi, Agrawal et al. 2024). What a request throws ends that request; what anything else throws ends those that are
/// computing, and the next turn goes on. One thread.
/// </summary>
internal sealed class LoopIteration(SchedulerOptions options, IDecoder decoder, TimeProvider time, LoopTelemetry? telemetry)
{
    private readonly List<LoopRequest> _requests = [];
    private readonly List<LoopRequest> _stepping = [];
    private readonly PriorityShares _shares = new();
    private readonly PieceRate _rate = new();
    private IDecodeSequence[] _batch = [];
    private FlowAccount? _servedLast;
    private TimeSpan _stepTime;

    /// <summary>Some request could compute now.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Requests that it has.</summary>
    public int Count => _requests.Count;

    public void Add(LoopRequest request) => _requests.Add(request);

    /// <summary>One turn. Never throws.</summary>
    /// <param name="wake">Called, on any thread, when something that a request waits for has ended.</param>
    public void Run(Action wake)
    {
        try
        {
            long start = time.GetTimestamp();
            Retire();
            Step();
            RunPieces(wake);
            telemetry?.Iterated(time.GetElapsedTime(start));
        }
#pragma warning disable CA1031 // The root of the loop: a defect here must end the requests that it may have left half done, never the loop.
        catch (Exception defect)
#pragma warning restore CA1031
        {
            telemetry?.Faulted();
            EndAll(new LatentDbException(ErrorCode.Internal, "The loop that computes met a defect; what was computing was ended.", defect));
        }

        _requests.RemoveAll(static r => r.IsEnded);
        IsBusy = _requests.Exists(static r => r.IsReady);
    }

    /// <summary>Ends every request with the same error. Needs nothing that could throw again.</summary>
    public void EndAll(Exception error)
    {
        foreach (LoopRequest request in _requests) request.End(error);
        _requests.Clear();
        IsBusy = false;
    }

    /// <summary>Lets go of what nobody wants any more, and of what waited in vain.</summary>
    private void Retire()
    {
        foreach (LoopRequest request in _requests)
        {
            if (request.IsCancelled) End(request, new OperationCanceledException(request.CancellationToken));
            else if (request.Wait is { IsCompleted: true, IsCompletedSuccessfully: false } failed) End(request, failed.Exception?.InnerException ?? new TaskCanceledException(failed));
        }
    }

    /// <summary>Moves all running answers on by one token.</summary>
    private void Step()
    {
        _stepping.Clear();
        foreach (LoopRequest request in _requests)
        {
            if (request is { IsDecoding: true, IsEnded: false }) _stepping.Add(request);
        }

        _stepTime = TimeSpan.Zero;
        if (_stepping.Count == 0) return;
        long start = time.GetTimestamp();
        StepTogether();
        _stepTime = time.GetElapsedTime(start);
        telemetry?.Stepped(_stepping.Count, _stepTime);
        foreach (LoopRequest request in _stepping)
        {
            request.Times.InSteps += _stepTime;
            request.Place.Charge(options.DecodeCost);
            Choose(request);
        }
    }

    private void StepTogether()
    {
        if (_batch.Length < _stepping.Count) _batch = new IDecodeSequence[Math.Max(_stepping.Count, options.MaxActive)];
        for (int i = 0; i < _stepping.Count; i++) _batch[i] = _stepping[i].Sequence!;
        try
        {
            decoder.Step(_batch.AsSpan(0, _stepping.Count));
        }
#pragma warning disable CA1031 // One of the answers may be to blame, and none has moved: each is tried alone, and ends alone.
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (_stepping.Count == 1) Fail(_stepping[0], error);
            else StepAlone();
        }

        Array.Clear(_batch, 0, _stepping.Count);
    }

    private void StepAlone()
    {
        for (int i = 0; i < _stepping.Count; i++)
        {
            try
            {
                decoder.Step(_batch.AsSpan(i, 1));
            }
#pragma warning disable CA1031 // The answer's owner hears of it; the others go on.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Fail(_stepping[i], error);
            }
        }
    }

    private void Choose(LoopRequest request)
    {
        if (request.IsEnded) return;
        try
        {
            if (!request.Sequence!.Choose()) End(request, null);
        }
#pragma warning disable CA1031 // The answer's owner hears of it; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(request, error);
        }
    }

    /// <summary>
    /// Pieces of prefills and injects: one at the least, so that they get on, and more while their time is short beside that of the decode step.
    /// Without running answers there is nobody to delay: then it is one, and the loop looks who has come.
    /// </summary>
    private void RunPieces(Action wake)
    {
        TimeSpan limit = _stepTime * options.PieceTimePerStep;
        TimeSpan spent = TimeSpan.Zero;
        int pieces = 0;
        while (NextPiece() is { } request)
        {
            if (!TryGetCost(request, out long cost)) continue;
            if (pieces++ > 0 && spent + _rate.TimeOf(cost) > limit) return;
            spent += RunPiece(request, cost, wake);
            if (_stepping.Count == 0) return;
        }
    }

    /// <summary>False when the request has ended instead.</summary>
    private bool TryGetCost(LoopRequest request, out long cost)
    {
        cost = 0;
        if (request.IsCancelled)
        {
            End(request, new OperationCanceledException(request.CancellationToken));
            return false;
        }

        try
        {
            cost = request.Work.NextCost;
            return true;
        }
#pragma warning disable CA1031 // The work's owner hears of it; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(request, error);
            return false;
        }
    }

    private TimeSpan RunPiece(LoopRequest request, long cost, Action wake)
    {
        long start = time.GetTimestamp();
        LoopTimes times = request.Times;
        if (times.Started == 0) times.Started = start;
        if (request.Wait is not null) times.InWaits += time.GetElapsedTime(times.WaitsSince, start);
        request.Wait = null;
        request.Place.ChargeExpected(cost);
        _shares.Charge(request.Priority, cost);
        _servedLast = request.Place.Account;
        LayerProgress progress;
        try
        {
            progress = request.Work.Run();
        }
#pragma warning disable CA1031 // The work's owner hears of it; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(request, error);
            return time.GetElapsedTime(start);
        }

        long end = time.GetTimestamp();
        TimeSpan duration = time.GetElapsedTime(start, end);
        times.InPieces += duration;
        _rate.Took(cost, duration);
        if (progress.IsFinished) Finish(request, end);
        else if (progress.Wait is { } wait) Await(request, wait, end, wake);
        return duration;
    }

    private void Finish(LoopRequest request, long now)
    {
        request.Times.Finished = now;
        request.IsDecoding = request.Sequence is not null;
        if (request.IsDecoding) Choose(request);
        else End(request, null);
    }

    private static void Await(LoopRequest request, Task wait, long now, Action wake)
    {
        request.Wait = wait;
        request.Times.WaitsSince = now;
        wait.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(wake);
    }

    private void Fail(LoopRequest request, Exception error)
    {
        if (error is not (LatentDbException or OperationCanceledException)) telemetry?.Faulted();
        End(request, error);
    }

    private void End(LoopRequest request, Exception? error)
    {
        if (request.Times.Ended == 0) request.Times.Ended = time.GetTimestamp();
        request.End(error);
    }

    /// <summary>Whose piece is next: the priority whose share is due, there the flow that was served least, there who came first.</summary>
    private LoopRequest? NextPiece()
    {
        Span<bool> wants = stackalloc bool[PriorityShares.Classes];
        foreach (LoopRequest request in _requests)
        {
            if (request is { IsReady: true, IsDecoding: false }) wants[(int)request.Priority] = true;
        }

        if (_shares.Next(wants) is not { } priority) return null;
        LoopRequest? next = null;
        long least = long.MaxValue;
        foreach (LoopRequest request in _requests)
        {
            if (request is not { IsReady: true, IsDecoding: false } || request.Priority != priority) continue;
            FlowAccount account = request.Place.Account;
            long served = account.Served - (account == _servedLast ? options.Quantum : 0);
            if (next is not null && served >= least) continue;
            next = request;
            least = served;
        }

        return next;
    }
}
