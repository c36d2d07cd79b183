using System.Threading.Channels;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote.Codecs;
using Microsoft.Extensions.Logging;

namespace LatentDb.ModelHost.Remote;

/// <summary>What is told to model silos without anybody waiting: memories to forget, to all of them, and versions to read ahead, to the one that will be asked.</summary>
internal sealed partial class RemoteNotices(RemoteCalls calls, TimeProvider time, ILogger logger)
{
    private readonly Channel<MemoryUid> _forgotten = Channel.CreateBounded<MemoryUid>(new BoundedChannelOptions(RemoteLimits.MaxForgotten) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    private readonly Channel<Hint> _hints = Channel.CreateBounded<Hint>(new BoundedChannelOptions(RemoteLimits.MaxHints) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    /// <summary>When there are too many already, what the silos keep of the memory goes when its room is wanted: nothing names it any more.</summary>
    public void Forget(MemoryUid memory)
    {
        if (!_forgotten.Writer.TryWrite(memory)) LogNotForgotten(logger, memory);
    }

    public void Prefetch(PrefetchRequest request, CancellationToken cancellationToken) => _hints.Writer.TryWrite(new Hint(request, cancellationToken));

    /// <summary>Sends until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(SendForgottenAsync(cancellationToken), SendHintsAsync(cancellationToken));

    private async Task SendForgottenAsync(CancellationToken cancellationToken)
    {
        while (await _forgotten.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            List<MemoryUid> batch = [];
            while (batch.Count < RemoteLimits.MaxForgottenPerCall && _forgotten.Reader.TryRead(out MemoryUid memory)) batch.Add(memory);
            var call = new ModelCall(ModelVerb.Forget) { Forgotten = [.. batch] };
            await Task.WhenAll(calls.Silos.Usable.Select(silo => InsistAsync(silo, call, cancellationToken))).ConfigureAwait(false);
        }
    }

    /// <summary>A silo that is gone has forgotten everything; one that is only out of reach is told again a few times.</summary>
    private async Task InsistAsync(ModelSilo silo, ModelCall call, CancellationToken cancellationToken)
    {
        for (int tries = 0; tries < RemoteLimits.MaxTries && !silo.Gone.IsCancellationRequested; tries++)
        {
            if (tries > 0) await Task.Delay(RemoteLimits.AskAgain, time, cancellationToken).ConfigureAwait(false);
            if (await TrySendAsync(silo, call, hint: null, cancellationToken).ConfigureAwait(false)) return;
        }

        if (!silo.Gone.IsCancellationRequested) LogNotTold(logger, silo.Name, call.Forgotten.Length);
    }

    private async Task SendHintsAsync(CancellationToken cancellationToken)
    {
        await foreach (Hint hint in _hints.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            if (hint.Ended.IsCancellationRequested) continue;
            PrefetchRequest request = hint.Request;
            using ModelSilos.SiloUse? use = calls.Silos.Enter(request.Memory ?? default, new HashSet<string>());
            if (use is null) continue;
            await TrySendAsync(use.Silo, call: null, request, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>False when the silo could not be told.</returns>
    private async Task<bool> TrySendAsync(ModelSilo silo, ModelCall? call, PrefetchRequest? hint, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(RemoteLimits.NoticeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silo.Gone, limit.Token);
        try
        {
            ModelCall what = call ?? calls.About(ModelVerb.Prefetch, hint!.Version) with { Memory = hint.Memory, Flow = hint.Flow };
            using RemoteLink link = await calls.OpenAsync(silo, either.Token).ConfigureAwait(false);
            await link.SendAsync(ModelFrameKind.Call, what, ModelCallCodec.Write, either.Token).ConfigureAwait(false);
            while (await link.ReceiveAsync(either.Token).ConfigureAwait(false) is { Kind: ModelFrameKind.WantManifest })
            {
                await link.SendAsync(ModelFrameKind.Manifest, hint!.Version.Manifest, ManifestShelf.Write, either.Token).ConfigureAwait(false);
            }

            return true;
        }
        catch (Exception error) when (error is ElsewhereException or MemoryStore.Errors.LatentDbException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    [LoggerMessage(2103, LogLevel.Warning, "Too many erased memories wait to be told to the model silos; {Memory} is not")]
    private static partial void LogNotForgotten(ILogger logger, MemoryUid memory);

    [LoggerMessage(2104, LogLevel.Warning, "Model silo {Silo} could not be told to forget {Count} erased memories; their rows leave it when their room is wanted")]
    private static partial void LogNotTold(ILogger logger, string silo, int count);

    private sealed record Hint(PrefetchRequest Request, CancellationToken Ended);
}
