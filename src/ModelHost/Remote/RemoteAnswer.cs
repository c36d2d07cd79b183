using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// One answer from whichever silo gives it. When one breaks, another is asked the same: it says the same from the beginning, because the same version,
/// prompt, options and seed give the same tokens, and what the caller has already heard is left out. Should it say something else, as another back end
/// may, the answer fails; so what a caller hears to its end is always the whole answer of one silo.
/// </summary>
internal sealed class RemoteAnswer(RemoteCalls calls, QueryRequest request) : IDisposable
{
    private readonly RemoteTries _tries = new(calls, ModelVerb.Query, request.Memory ?? default);
    private readonly StringBuilder _told = new();
    private RemoteCall? _call;
    private bool _hasAsked;
    private int _heard; // Characters that the present silo has said.

    /// <summary>The next step; <see cref="GenerationCompleted"/> is the last.</summary>
    /// <exception cref="LatentDbException">As the query.</exception>
    public async ValueTask<GenerationEvent> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            _call ??= await _tries.NextAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                GenerationEvent step = await _call.RunAsync(ReceiveAsync, cancellationToken).ConfigureAwait(false);
                if (step is not GeneratedText text)
                {
                    if (_heard < _told.Length) throw Differs();
                    await _call.RunAsync(EndAsync, cancellationToken).ConfigureAwait(false);
                    RemoteTelemetry.Called(ModelVerb.Query, "ok");
                    return step;
                }

                if (Fresh(text.Text) is { Length: > 0 } fresh) return new GeneratedText(fresh);
            }
            catch (ElsewhereException error)
            {
                _tries.Failed(_call, error);
                Leave();
            }
        }
    }

    public void Dispose() => Leave();

    /// <summary>What of a piece the caller has not heard.</summary>
    private string Fresh(string piece)
    {
        int known = Math.Min(piece.Length, _told.Length - _heard);
        for (int i = 0; i < known; i++)
        {
            if (_told[_heard + i] != piece[i]) throw Differs();
        }

        _heard += piece.Length;
        _told.Append(piece, known, piece.Length - known);
        return piece[known..];
    }

    private async Task<GenerationEvent> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (!_hasAsked) await AskAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            LinkFrame frame = await _call!.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            switch (frame.Kind)
            {
                case ModelFrameKind.WantManifest:
                    await _call.SendAsync(ModelFrameKind.Manifest, request.Version.Manifest, ManifestShelf.Write, cancellationToken).ConfigureAwait(false);
                    break;
                case ModelFrameKind.Event:
                    return ReadEvent(frame.Payload.Span);
                default:
                    throw RemoteLink.Nonsense($"a message of kind {frame.Kind} in an answer");
            }
        }
    }

    private async ValueTask AskAsync(CancellationToken cancellationToken)
    {
        ModelCall what = calls.About(ModelVerb.Query, request.Version) with
        {
            Memory = request.Memory,
            Text = request.Prompt,
            Options = request.Options,
            ReadsBank = request.ReadsBank,
            Flow = request.Flow,
            Priority = request.Priority,
        };
        await _call!.SendAsync(ModelFrameKind.Call, what, ModelCallCodec.Write, cancellationToken).ConfigureAwait(false);
        _hasAsked = true;
    }

    private async Task<bool> EndAsync(CancellationToken cancellationToken)
    {
        await _call!.EndAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private void Leave()
    {
        _call?.Dispose();
        (_call, _hasAsked, _heard) = (null, false, 0);
    }

    private static GenerationEvent ReadEvent(ReadOnlySpan<byte> payload)
    {
        try
        {
            return AnswerCodec.ReadEvent(payload);
        }
        catch (MessagePackFormatException)
        {
            throw RemoteLink.Nonsense("a step of an answer that cannot be read");
        }
    }

    private static LatentDbException Differs() =>
        new(ErrorCode.SiloUnreachable, "The model silo broke in the middle of the answer, and another one answers in other words; ask again.") { RetryAfter = TimeSpan.Zero };
}
