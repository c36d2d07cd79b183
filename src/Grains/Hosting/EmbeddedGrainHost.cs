using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Memories;
using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using Microsoft.Extensions.Hosting;

namespace LatentDb.Grains.Hosting;

/// <summary>
/// Runs grains in this process: activates on demand, one writing turn at a time per memory, puts idle ones away, drains on stop.
/// </summary>
internal sealed class EmbeddedGrainHost : IGrainHost, IHostedService, IDisposable
{
    private readonly GrainHostOptions _options;
    private readonly MemoryCatalog _catalog;
    private readonly TimeProvider _time;
    private readonly ActivationTable _table;
    private readonly CancellationTokenSource _stopping = new();
    private ITimer? _sweeper;

    public EmbeddedGrainHost(GrainHostOptions options, MemoryCatalog catalog, IModelHost model, TimeProvider time)
    {
        _options = options;
        _catalog = catalog;
        _time = time;
        Events = new GrainLifecycleEvents();
        _table = new ActivationTable(options, time, key => new MemoryGrain(key, catalog, model, time), Events);
    }

    public GrainLifecycleEvents Events { get; }

    public int ActiveCount => _table.Count;

    public IMemoryGrain GetMemory(MemoryKey key) => new EmbeddedMemoryGrain(key, this);

    public Task<ImmutableArray<MemorySummary>> ListMemoriesAsync(TenantId tenant, int limit, MemoryId? after, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(_catalog.List(tenant, limit, after));
    }

    /// <summary>Begins a call that needs no writing turn; dispose it at its end.</summary>
    public Call Begin(MemoryKey key, CancellationToken cancellationToken) => new(_table, _table.Acquire(key), cancellationToken, _stopping.Token);

    /// <summary>Runs a writing verb in its turn.</summary>
    public async Task<T> WriteAsync<T>(MemoryKey key, Func<MemoryGrain, CancellationToken, Task<T>> verb, CancellationToken cancellationToken)
    {
        using Call call = Begin(key, cancellationToken);
        return await call.Activation.Writes.RunAsync(token => verb(call.Grain, token), call.Token).ConfigureAwait(false);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        TimeSpan period = _options.IdleAfter / 2;
        _sweeper = _time.CreateTimer(_ => _table.Sweep(), null, period, period);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task drained = _table.CloseAsync();
        try
        {
            await drained.WaitAsync(_options.DrainLimit, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await drained.ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _sweeper?.Dispose();
        _stopping.Dispose();
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
