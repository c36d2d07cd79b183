using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote;

/// <summary>The silos that one request was tried at, and what each of them said.</summary>
internal sealed class RemoteTries(RemoteCalls calls, ModelVerb verb, MemoryUid memory)
{
    private readonly HashSet<string> _tried = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stale = new(StringComparer.Ordinal);
    private LatentDbException? _reason;
    private bool _hasLooked;

    /// <summary>A call at the next silo.</summary>
    /// <exception cref="LatentDbException">There is none left: the last reason, or overloaded when one of them only had too much to do.</exception>
    public async ValueTask<RemoteCall> NextAsync(CancellationToken cancellationToken)
    {
        while (_tried.Count < RemoteLimits.MaxTries)
        {
            ModelSilos.SiloUse? use = calls.Silos.Enter(memory, _tried);
            if (use is null)
            {
                if (_hasLooked) break;
                _hasLooked = true;
                await calls.RefreshAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            _tried.Add(use.Silo.Name);
            try
            {
                return new RemoteCall(use, await calls.OpenAsync(use.Silo, cancellationToken).ConfigureAwait(false));
            }
            catch (ElsewhereException error)
            {
                Failed(use.Silo, error);
                use.Dispose();
            }
            catch
            {
                use.Dispose();
                throw;
            }
        }

        RemoteTelemetry.Called(verb, "failed");
        throw _reason ?? new LatentDbException(ErrorCode.SiloUnreachable, "No silo that serves the model can be used now.") { RetryAfter = RemoteLimits.RetryAfter };
    }

    /// <summary>That silo could not.</summary>
    public void Failed(RemoteCall call, ElsewhereException error)
    {
        // The pool has dropped its other streams to that silo by now, so the second try there has a new one.
        if (call.IsStale && error.WasLost && _stale.Add(call.Silo.Name)) _tried.Remove(call.Silo.Name);
        else Failed(call.Silo, error);
    }

    private void Failed(ModelSilo silo, ElsewhereException error)
    {
        RemoteTelemetry.Called(verb, "elsewhere");
        if (error.WasLost) calls.Silos.Avoid(silo);
        if (_reason?.Code == ErrorCode.Overloaded) return;
        TimeSpan? retryAfter = error.Reason.RetryAfter ?? (error.Reason.Code.Remedy == Remedy.RetryLater ? RemoteLimits.RetryAfter : null);
        _reason = new LatentDbException(error.Reason.Code, error.Reason.Message, error) { RetryAfter = retryAfter };
    }
}
