using System.Threading.Channels;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using Microsoft.Extensions.Logging;

namespace LatentDb.Grains.Hosting;

/// <summary>
/// Makes accepted writes: one operation of a memory at a time, memory after memory in a ring, on a few workers. Holds only names; what is to be made,
/// and whether, is asked of the store each time, so that a lost or a needless wake does no harm.
/// </summary>
internal sealed partial class OperationRunner : IAsyncDisposable
{
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);

    private readonly Func<MemoryKey, CancellationToken, Task<bool>> _runNext;
    private readonly int _workerCount;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<MemoryKey> _ring = Channel.CreateUnbounded<MemoryKey>();
    private readonly Dictionary<MemoryKey, Turn> _turns = [];
    private readonly CancellationTokenSource _stop = new();
    private Task[] _workers = [];

    /// <param name="runNext">Makes the oldest operation of a memory; true when another one waits.</param>
    /// <param name="workers">Memories that are served at once.</param>
    /// <param name="time">Measures pauses after failures.</param>
    /// <param name="logger">Told about failures that pass.</param>
    public OperationRunner(Func<MemoryKey, CancellationToken, Task<bool>> runNext, int workers, TimeProvider time, ILogger logger)
    {
        (_runNext, _workerCount, _time, _logger) = (runNext, workers, time, logger);
    }

    /// <summary>Begins with what an earlier process has accepted.</summary>
    public void Start(IEnumerable<MemoryKey> waiting)
    {
        foreach (MemoryKey key in waiting) Wake(key);
        _workers = [.. Enumerable.Range(0, _workerCount).Select(_ => Task.Run(WorkAsync, _stop.Token))];
    }

    /// <summary>A memory may have something to make.</summary>
    public void Wake(MemoryKey key)
    {
        lock (_turns)
        {
            if (_turns.TryGetValue(key, out Turn? turn))
            {
                turn.IsWoken = true;
                return;
            }

            _turns.Add(key, new Turn());
        }

        _ring.Writer.TryWrite(key);
    }

    /// <summary>Takes up nothing more; what runs goes on, and ends with the draining of its host.</summary>
    public void StopTaking() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            MemoryKey key;
            try
            {
                key = await _ring.Reader.ReadAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            bool isMore = await RunAsync(key).ConfigureAwait(false);
            if (Ends(key, isMore)) continue;
            _ring.Writer.TryWrite(key);
        }
    }

    /// <returns>True when the memory is to come round again.</returns>
    private async Task<bool> RunAsync(MemoryKey key)
    {
        Turn turn;
        lock (_turns) turn = _turns[key];
        try
        {
            bool isMore = await _runNext(key, CancellationToken.None).ConfigureAwait(false);
            turn.Failures = 0;
            return isMore;
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.MemoryNotFound)
        {
            return false; // Erased, and its operations with it.
        }
        catch (OperationCanceledException)
        {
            return true; // The process ends; the next one goes on.
        }
#pragma warning disable CA1031 // A background loop: whatever hindered this try, the operation is durable and comes round again after a pause.
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (error is not LatentDbException) LogBroken(_logger, error);
            else LogPostponed(_logger, (error as LatentDbException)!.Code);
            TimeSpan pause = TimeSpan.FromTicks(Math.Min(MaxPause.Ticks, MinPause.Ticks << Math.Min(turn.Failures++, 5)));
            await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        }
    }

    /// <returns>False when the memory has to come round again.</returns>
    private bool Ends(MemoryKey key, bool isMore)
    {
        lock (_turns)
        {
            Turn turn = _turns[key];
            if (!isMore && !turn.IsWoken) return _turns.Remove(key);
            turn.IsWoken = false;
            return false;
        }
    }

    [LoggerMessage(EventId = 301, Level = LogLevel.Debug, Message = "An accepted write waits on after {Code}.")]
    private static partial void LogPostponed(ILogger logger, ErrorCode code);

    [LoggerMessage(EventId = 302, Level = LogLevel.Error, Message = "An accepted write met a defect.")]
    private static partial void LogBroken(ILogger logger, Exception error);

    /// <summary>A memory in the ring. Failures are counted by the one worker that has it.</summary>
    private sealed class Turn
    {
        public bool IsWoken { get; set; }

        public int Failures { get; set; }
    }
}
