using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LatentDb.ModelHost.Hosting;

/// <summary>
/// The model host from the first moment of the process: refuses with model_loading until the checkpoint is there, then passes on. A checkpoint that
/// cannot be loaded stops the process.
/// </summary>
internal sealed partial class LoadingModelHost : IModelHost, IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly ModelHostOptions _options;
    private readonly TimeProvider _time;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger<LoadingModelHost> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _loading = Task.CompletedTask;
    private LocalModelHost? _host;

    public LoadingModelHost(ModelHostOptions options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<LoadingModelHost> logger)
    {
        _options = options;
        _time = time;
        _lifetime = lifetime;
        _logger = logger;
    }

    public bool IsReady => Volatile.Read(ref _host) is not null;

    public ModelPressure Pressure => Volatile.Read(ref _host)?.Pressure ?? default;

    public TimeSpan ComputesFor => Volatile.Read(ref _host)?.ComputesFor ?? TimeSpan.Zero;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loading = Task.Run(Load, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loading.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ModelDescription Describe() => Require().Describe();

    public Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken) => Require().WriteGenesisAsync(sink, cancellationToken);

    public Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken) => Require().InjectAsync(request, cancellationToken);

    public IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, CancellationToken cancellationToken) =>
        Require().QueryAsync(request, cancellationToken);

    /// <summary>Without a model there is no room to read anything ahead.</summary>
    public void Prefetch(PrefetchRequest request, CancellationToken cancellationToken) => Volatile.Read(ref _host)?.Prefetch(request, cancellationToken);

    /// <summary>A model that is not there yet holds nothing.</summary>
    public void Forget(MemoryUid memory) => Volatile.Read(ref _host)?.Forget(memory);

    public async ValueTask DisposeAsync()
    {
        await _loading.ConfigureAwait(false);
        Interlocked.Exchange(ref _host, null)?.Dispose();
        _stopping.Dispose();
    }

    private LocalModelHost Require() =>
        Volatile.Read(ref _host) ?? throw new LatentDbException(ErrorCode.ModelLoading, "The model is still being loaded.") { RetryAfter = RetryDelay };

    private void Load()
    {
        try
        {
            long start = _time.GetTimestamp();
            LocalModelHost host = LocalModelHost.Load(_options, _time, _stopping.Token);
            ModelDescription model = host.Describe();
            Volatile.Write(ref _host, host);
            LogLoaded(model.Name, model.Family, model.Parameters, model.Fingerprint.Short, model.Backend, _time.GetElapsedTime(start).TotalSeconds);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            LogStoppedWhileLoading();
        }
#pragma warning disable CA1031 // The root of the loading task: it has nobody to throw to, so it logs and stops the process.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(error, _options.Model, error.Message);
            Environment.ExitCode = 1;
            _lifetime.StopApplication();
        }
    }

    [LoggerMessage(2001, LogLevel.Information, "Model {Model} ({Family}, {Parameters} parameters, fingerprint {Fingerprint}) is ready on {Backend} after {Seconds:F2} s")]
    private partial void LogLoaded(string model, string family, long parameters, string fingerprint, string backend, double seconds);

    [LoggerMessage(2002, LogLevel.Information, "Stopped while the model was being loaded")]
    private partial void LogStoppedWhileLoading();

    [LoggerMessage(2003, LogLevel.Critical, "The model folder {Folder} cannot be served: {Reason}")]
    private partial void LogFailed(Exception error, string folder, string reason);
}
