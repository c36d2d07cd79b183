using System.Diagnostics;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote.Codecs;
using LatentDb.ModelHost.Remote.Slices;
using Microsoft.Extensions.Logging;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// Lets other silos use the model of this one. A stream is a call; when the caller goes away, in whatever way, the work for it ends. Blocks are read from
/// the address that the call names, into the local pager, so that a memory that comes again finds its rows.
/// </summary>
/// <param name="host">The local model.</param>
/// <param name="sources">Blocks of the owners.</param>
/// <param name="logger">For defects.</param>
internal sealed partial class ModelService(IModelHost host, RemoteBlockSources sources, ILogger<ModelService> logger) : FramedLinkService, IModelDrain
{
    private readonly ManifestShelf _manifests = new(RemoteLimits.MaxManifestBytes);
    private readonly Lock _lock = new();
    private int _running;
    private TaskCompletionSource? _drained;

    public override LinkChannel Channel => LinkChannel.Model;

    /// <inheritdoc/>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_running == 0) _drained.TrySetResult();
            return _drained.Task.WaitAsync(cancellationToken);
        }
    }

    protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        var stream = new ServedStream(request, answer, cancellationToken);
        ModelCall call = await ReceiveCallAsync(request, cancellationToken).ConfigureAwait(false);
        using Activity? span = RemoteTelemetry.BeginServe(call);
        try
        {
            Begin();
            try
            {
                if (HasPressure(call.Verb)) await TellPressureAsync(stream).ConfigureAwait(false);
                await RunAsync(call, stream).ConfigureAwait(false);
            }
            finally
            {
                End();
            }
        }
        catch (LatentDbException error) when (error is not LinkBrokenException)
        {
            await stream.AddAsync(ModelFrameKind.Failed, error, RefusalCodec.Write).ConfigureAwait(false);
        }

        if (HasPressure(call.Verb)) await TellPressureAsync(stream).ConfigureAwait(false);
    }

    private static bool HasPressure(ModelVerb verb) => verb is ModelVerb.Inject or ModelVerb.Query;

    /// <summary>Who asks learns with each answer how much there is to do: the membership tells it seconds late.</summary>
    private ValueTask TellPressureAsync(ServedStream stream) => stream.AddAsync(ModelFrameKind.Pressure, host.Pressure.Requests, static (buffer, requests) =>
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteInt64(requests);
    });

    protected override void OnDefect(Exception error) => LogDefect(logger, error);

    private void Begin()
    {
        lock (_lock)
        {
            if (_drained is not null) throw new LatentDbException(ErrorCode.ShuttingDown, "The model silo is shutting down.") { RetryAfter = RemoteLimits.RetryAfter };
            _running++;
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (--_running == 0) _drained?.TrySetResult();
        }
    }

    private ValueTask RunAsync(ModelCall call, ServedStream stream) =>
        call.Verb switch
        {
            ModelVerb.Describe => stream.AddAsync(ModelFrameKind.Description, (host.Describe(), host.Pressure.Places), static (b, m) => DescriptionCodec.Write(b, m.Item1, m.Places)),
            ModelVerb.Genesis => stream.ServeAsync(token => WriteGenesisAsync(call, stream, token)),
            ModelVerb.Inject => InjectAsync(call, stream),
            ModelVerb.Query => QueryAsync(call, stream),
            ModelVerb.Prefetch => PrefetchAsync(call, stream),
            _ => Forget(call),
        };

    private async ValueTask WriteGenesisAsync(ModelCall call, ServedStream stream, CancellationToken cancellationToken)
    {
        using var sink = new LinkSink(stream.Answer, call.Blocks);
        stream.Feed(sink);
        Manifest manifest = await host.WriteGenesisAsync(sink, cancellationToken).ConfigureAwait(false);
        await stream.AddAsync(ModelFrameKind.Genesis, manifest, ManifestShelf.Write).ConfigureAwait(false);
    }

    private async ValueTask InjectAsync(ModelCall call, ServedStream stream)
    {
        VersionedManifest head = await ReadVersionAsync(call, stream).ConfigureAwait(false);
        await stream.ServeAsync(async token =>
        {
            using var sink = new LinkSink(stream.Answer, call.Blocks);
            stream.Feed(sink);
            var request = new InjectRequest(head, TextOf(call), call.Seed, sources.At(call.Owner), sink) { Memory = call.Memory, Flow = call.Flow, Priority = call.Priority };
            InjectOutcome outcome = await host.InjectAsync(request, token).ConfigureAwait(false);
            await stream.AddAsync(ModelFrameKind.Outcome, (outcome, sink.Slices), static (b, o) => AnswerCodec.Write(b, o.outcome, o.Slices)).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private async ValueTask QueryAsync(ModelCall call, ServedStream stream)
    {
        VersionedManifest version = await ReadVersionAsync(call, stream).ConfigureAwait(false);
        var request = new QueryRequest(version, TextOf(call), call.Options ?? throw Unreadable("A query without options."), sources.At(call.Owner))
        {
            Memory = call.Memory,
            ReadsBank = call.ReadsBank,
            Flow = call.Flow,
            Priority = call.Priority,
        };
        await stream.ServeAsync(async token =>
        {
            IAsyncEnumerator<GenerationEvent> steps = host.QueryAsync(request, token).GetAsyncEnumerator(token);
            await using (steps.ConfigureAwait(false))
            {
                while (await NextAsync(steps, stream).ConfigureAwait(false)) await stream.AddAsync(ModelFrameKind.Event, steps.Current, AnswerCodec.Write).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>The next step; when it has to be waited for, the caller hears those before it first.</summary>
    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<GenerationEvent> steps, ServedStream stream)
    {
        Task<bool> next = steps.MoveNextAsync().AsTask();
        try
        {
            if (!next.IsCompleted) await stream.FlushAsync().ConfigureAwait(false);
        }
        catch
        {
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Steps in the middle of one cannot be disposed of.
            throw;
        }

        return await next.ConfigureAwait(false);
    }

    private async ValueTask PrefetchAsync(ModelCall call, ServedStream stream)
    {
        VersionedManifest version = await ReadVersionAsync(call, stream).ConfigureAwait(false);
        host.Prefetch(new PrefetchRequest(version, sources.At(call.Owner)) { Memory = call.Memory, Flow = call.Flow }, CancellationToken.None);
    }

    private ValueTask Forget(ModelCall call)
    {
        foreach (MemoryUid memory in call.Forgotten) host.Forget(memory);
        return ValueTask.CompletedTask;
    }

    /// <summary>Of a version the model needs its number, its model and its manifest; nothing else of it travels.</summary>
    private async ValueTask<VersionedManifest> ReadVersionAsync(ModelCall call, ServedStream stream)
    {
        ModelFingerprint fingerprint = call.Fingerprint ?? throw Unreadable("A version without its model.");
        Manifest manifest = _manifests.Find(call.Manifest) ?? await ReceiveManifestAsync(call, stream).ConfigureAwait(false);
        var version = new MemoryVersion(call.Version, null, VersionCause.Inject, null, default, fingerprint, 0, 0, 0, manifest.Writes, 0, null);
        return new VersionedManifest(version, manifest);
    }

    private async ValueTask<Manifest> ReceiveManifestAsync(ModelCall call, ServedStream stream)
    {
        ReadOnlyMemory<byte> bytes = await stream.AskAsync(ModelFrameKind.WantManifest, ModelFrameKind.Manifest).ConfigureAwait(false);
        try
        {
            return _manifests.Add(call.Manifest, bytes.Span);
        }
        catch (MessagePackFormatException error)
        {
            throw Unreadable("A manifest cannot be read.", error);
        }
    }

    /// <summary>Blocks before it were reserved for the call before, which ended without them.</summary>
    private static async ValueTask<ModelCall> ReceiveCallAsync(LinkReader request, CancellationToken cancellationToken)
    {
        while (true)
        {
            LinkFrame frame = await request.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw Unreadable("The end of a link where a call must stand.");
            if (frame.Kind == ModelFrameKind.Call) return ReadCall(frame.Payload.Span);
            if (frame.Kind != ModelFrameKind.Block) throw Unreadable($"A message of kind {frame.Kind} where a call must stand.");
        }
    }

    private static ModelCall ReadCall(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ModelCallCodec.Read(bytes);
        }
        catch (MessagePackFormatException error)
        {
            throw Unreadable("A call of the model cannot be read.", error);
        }
    }

    private static TextInput TextOf(ModelCall call) => call.Text ?? throw Unreadable("A call without text.");

    private static LatentDbException Unreadable(string message, Exception? inner = null) => new(ErrorCode.Internal, message, inner);

    [LoggerMessage(2102, LogLevel.Error, "A defect while the model worked for another silo")]
    private static partial void LogDefect(ILogger logger, Exception error);
}
