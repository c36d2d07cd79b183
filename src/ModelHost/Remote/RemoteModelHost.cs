using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote.Codecs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// The model host of a silo without a model: lets model silos compute, each memory at the silo that has its rows. Blocks are read by that silo from this
/// one's channel of blocks, whatever source a request names. Thread-safe.
/// </summary>
internal sealed class RemoteModelHost : IModelHost, IHostedService, IDisposable
{
    private readonly RemoteCalls _calls;
    private readonly ModelSilos _silos;
    private readonly RemoteNotices _notices;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private int _isDisposed;

    public RemoteModelHost(IClusterView view, ISiloLinks links, TimeProvider time, ILogger<RemoteModelHost> logger)
    {
        _silos = new ModelSilos(view, links, time);
        _calls = new RemoteCalls(_silos, view, links);
        _notices = new RemoteNotices(_calls, time, logger);
    }

    /// <summary>Silos that have said what they serve, and serve the model.</summary>
    public int UsableSilos => _silos.Usable.Length;

    public bool IsReady => _silos.Model is not null;

    public ModelDescription Describe() =>
        _silos.Model ?? throw new LatentDbException(ErrorCode.ModelLoading, "No model silo has said yet what it serves.") { RetryAfter = RemoteLimits.RetryAfter };

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.Run(() => Task.WhenAll(_silos.WatchAsync(_stopping.Token), _notices.RunAsync(_stopping.Token)), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Tried elsewhere only until something was staged: a genesis has the same ids in every shard, so its caller begins anew.</summary>
    public Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken)
    {
        ImmutableArray<BlockId> blocks = Reserve(sink);
        return _calls.TryAsync(ModelVerb.Genesis, memory: default, async (call, token) =>
        {
            var write = new RemoteWrite(call, sink);
            try
            {
                return await write.WriteGenesisAsync(new ModelCall(ModelVerb.Genesis) { Blocks = blocks }, token).ConfigureAwait(false);
            }
            catch (ElsewhereException error) when (write.HasStaged)
            {
                throw new LatentDbException(error.Reason.Code, error.Reason.Message, error) { RetryAfter = RemoteLimits.RetryAfter };
            }
        }, cancellationToken);
    }

    public Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckFingerprint(request.Head);
        return _calls.TryAsync(ModelVerb.Inject, request.Memory ?? default, (call, token) =>
        {
            ModelCall what = _calls.About(ModelVerb.Inject, request.Head) with
            {
                Memory = request.Memory,
                Text = request.Text,
                Seed = request.Seed,
                Flow = request.Flow,
                Priority = request.Priority,
                Blocks = Reserve(request.Sink),
            };
            return new RemoteWrite(call, request.Sink).InjectAsync(what, request.Head.Manifest, token);
        }, cancellationToken);
    }

    public IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckFingerprint(request.Version);
        return AnswerAsync(request, cancellationToken);
    }

    public void Prefetch(PrefetchRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Version.Version.Fingerprint == _silos.Model?.Fingerprint) _notices.Prefetch(request, cancellationToken);
    }

    public void Forget(MemoryUid memory) => _notices.Forget(memory);

    public void Dispose()
    {
        // The container knows the host under several names, and disposes of it for each.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async IAsyncEnumerable<GenerationEvent> AnswerAsync(QueryRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = new RemoteAnswer(_calls, request);
        while (true)
        {
            GenerationEvent step = await answer.NextAsync(cancellationToken).ConfigureAwait(false);
            yield return step;
            if (step is GenerationCompleted) yield break;
        }
    }

    private void CheckFingerprint(VersionedManifest version)
    {
        ModelFingerprint served = Describe().Fingerprint;
        if (version.Version.Fingerprint == served) return;
        throw new LatentDbException(ErrorCode.ModelMismatch, $"Version {version.Version.Number} was written by model {version.Version.Fingerprint.Short}; the model silos serve {served.Short}.");
    }

    private static ImmutableArray<BlockId> Reserve(IBlockSink sink) => [.. Enumerable.Range(0, RemoteLimits.BlocksAhead).Select(_ => sink.NextBlock())];
}
