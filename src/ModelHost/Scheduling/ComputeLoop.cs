using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Time;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// The thread on which everything computes that requests want: it takes what was handed in, lets <see cref="LoopIteration"/> do one turn, and sleeps
/// when there is nothing to do. Lives until it is disposed, whatever a turn throws.
/// </summary>
internal sealed class ComputeLoop : IDisposable
{
    private readonly object _gate = new();
    private readonly LoopIteration _iteration;
    private readonly TimeProvider _time;
    private readonly List<LoopRequest> _incoming = [];
    private readonly Thread _thread;
    private readonly Action _wake;
    private readonly BusyWatch _busy;
    private bool _isWoken;
    private bool _isStopping;

    public ComputeLoop(LoopIteration iteration, TimeProvider time)
    {
        _iteration = iteration;
        _time = time;
        _wake = Wake;
        _busy = new BusyWatch(time);
        _thread = new Thread(Live) { IsBackground = true, Name = "latentdb-loop" };
        _thread.Start();
    }

    /// <summary>For how long the loop has been at one turn; zero while it sleeps.</summary>
    public TimeSpan BusyFor => _busy.BusyFor;

    /// <summary>Hands a request to the loop; its task ends when the loop has let go of it.</summary>
    public async Task RunAsync(LoopRequest request)
    {
        request.Times.HandedIn = _time.GetTimestamp();
        lock (_gate)
        {
            if (_isStopping) request.End(Stopped()); // also its reader must hear of it
            else _incoming.Add(request);
            Monitor.Pulse(_gate);
        }

        // A sleeping loop must hear of the cancellation; a busy one looks at the token by itself.
        using CancellationTokenRegistration registration = request.CancellationToken.UnsafeRegister(static loop => ((ComputeLoop)loop!).Wake(), this);
        await request.Task.ConfigureAwait(false);
    }

    /// <summary>Ends what is left with shutting_down, and the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Live()
    {
        while (TakeIncoming())
        {
            _busy.Begin();
            _iteration.Run(_wake);
            _busy.End();
        }

        _iteration.EndAll(Stopped());
    }

    /// <summary>Sleeps until there is something to do; false when the loop is to stop.</summary>
    private bool TakeIncoming()
    {
        lock (_gate)
        {
            // What changes these conditions pulses under the same lock, so no wake-up can fall between the look and the sleep.
            while (!_isStopping && !_isWoken && _incoming.Count == 0 && !_iteration.IsBusy) Monitor.Wait(_gate);
            _isWoken = false;
            foreach (LoopRequest request in _incoming) _iteration.Add(request);
            _incoming.Clear();
            return !_isStopping;
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            _isWoken = true;
            Monitor.Pulse(_gate);
        }
    }

    private static LatentDbException Stopped() => new(ErrorCode.ShuttingDown, "The model is being put away; what it computed was ended.");
}
