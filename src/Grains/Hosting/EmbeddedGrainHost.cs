using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Memories;
using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Grains.Hosting;

/// <summary>
/// Runs grains in this process: activates on demand, one writing turn at a time per memory, puts idle ones away, drains on stop.
/// </summary>
/// <remarks>
/// Draining comes before any other service stops: new calls are refused while the server still answers, running ones end by themselves or are
/// cancelled at the limit, and only then do the connections, the model and the store go.
/// </remarks>
internal sealed class EmbeddedGrainHost : IGrainHost, IHostedLifecycleService, IDisposable, IAsyncDisposable
{
    /// <summary>After the cancellation a call has this long to let go; then the process ends without it, and the store recovers what it must.</summary>
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(5);

    private readonly GrainHostOptions _options;
    private readonly GrainStore _store;
    private readonly TimeProvider _time;
    private readonly ActivationTable _table;
    private readonly GrainTelemetry _telemetry;
    private readonly CancellationTokenSource _stopping = new();
    private ITimer? _sweeper;
    private int _isDisposed;

    public EmbeddedGrainHost(GrainHostOptions options, GrainStore store, IModelHost model, TimeProvider time, ILogger<EmbeddedGrainHost>? logger = null)
    {
        _options = options;
        _store = store;
        _time = time;
        Events = new GrainLifecycleEvents();
        _table = new ActivationTable(options, time, key => new MemoryGrain(key, store, model, time, options.KeepText), Events, store.Catalog.ShardOf);
        _telemetry = new GrainTelemetry(time, new SpanNames(options.TraceIds), () => _table.Count);
        Operations = new OperationRunner(RunNextOperationAsync, options.MaxRunningOperations, time, logger ?? NullLogger<EmbeddedGrainHost>.Instance);
    }

    public GrainLifecycleEvents Events { get; }

    /// <summary>Makes what was accepted.</summary>
    public OperationRunner Operations { get; }

    public int ActiveCount => _table.Count;

    public GrainTelemetry Telemetry => _telemetry;

    public IMemoryGrain GetMemory(MemoryKey key) => new EmbeddedMemoryGrain(key, this);

    public Task<ImmutableArray<MemorySummary>> ListMemoriesAsync(TenantId tenant, int limit, MemoryId? after, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _store.Catalog.ListAsync(tenant, limit, after, cancellationToken).AsTask();
    }

    /// <summary>Begins a call that needs no writing turn; dispose it at its end.</summary>
    public Call Begin(MemoryKey key, CancellationToken cancellationToken) => new(_table, _table.Acquire(key), cancellationToken, _stopping.Token);

    /// <summary>True while calls of a memory run here.</summary>
    public bool HasCalls(MemoryKey key) => _table.HasCalls(key);

    /// <summary>Takes calls for the memories of a shard, which has been opened.</summary>
    public void Enter(ShardId shard) => _table.Enter(shard);

    /// <summary>From now on calls for the memories of a shard are not_owner; the task ends when the running ones have.</summary>
    public Task LeaveAsync(ShardId shard) => _table.LeaveAsync(shard);

    /// <summary>Runs a writing verb in its turn.</summary>
    public Task<T> WriteAsync<T>(MemoryKey key, string verb, Func<MemoryGrain, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(key, verb, work, isBounded: true, cancellationToken);

    private Task<T> WriteAsync<T>(MemoryKey key, string verb, Func<MemoryGrain, CancellationToken, Task<T>> work, bool isBounded, CancellationToken cancellationToken) =>
        _telemetry.RecordAsync(verb, key, async () =>
        {
            using Call call = Begin(key, cancellationToken);
            using GrainTelemetry.TurnWait wait = _telemetry.BeginWait();
            return await call.Activation.Writes.RunAsync(Turn, isBounded, call.Token).ConfigureAwait(false);

            Task<T> Turn(CancellationToken token)
            {
                wait.End();
                return work(call.Grain, token);
            }
        });

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        TimeSpan period = _options.IdleAfter / 2;
        _sweeper = _time.CreateTimer(_ => _table.Sweep(), null, period, period);
        Operations.Start(_store.Catalog.ListWaiting());
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => DrainAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _sweeper?.Dispose();
        _stopping.Dispose();
        _telemetry.Dispose();
    }

    /// <summary>One turn like any other writer's, but never refused for want of room: there is at most one of them per memory.</summary>
    private Task<bool> RunNextOperationAsync(MemoryKey key, CancellationToken cancellationToken) =>
        WriteAsync(key, "operation", (grain, token) => grain.RunNextOperationAsync(token), isBounded: false, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The container knows the host under several names, and disposes of it for each.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Operations.DisposeAsync().ConfigureAwait(false);
        Dispose();
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        Operations.StopTaking();
        Task drained = _table.CloseAsync();
        if (await EndsWithinAsync(drained, _options.DrainLimit, cancellationToken).ConfigureAwait(false)) return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await EndsWithinAsync(drained, CancelLimit, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<bool> EndsWithinAsync(Task drained, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await drained.WaitAsync(limit, _time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>One call on an activation, cancelled by its caller or by the end of draining.</summary>
    internal sealed class Call(ActivationTable table, Activation activation, CancellationToken caller, CancellationToken stopping) : IDisposable
    {
        private readonly CancellationTokenSource _either = CancellationTokenSource.CreateLinkedTokenSource(caller, stopping);
        private bool _disposed;

        public Activation Activation { get; } = activation;

        public MemoryGrain Grain => Activation.Grain;

        public CancellationToken Token => _either.Token;

        public void Dispose()
        {
            if (_disposed) return;
            _disposed = true;
            _either.Dispose();
            table.Release(Activation);
        }
    }
}
