using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote;

/// <summary>Opens calls at the silo that is chosen, and knows what a call says of a version. Thread-safe.</summary>
internal sealed class RemoteCalls(ModelSilos silos, IClusterView view, ISiloLinks links)
{
    public ModelSilos Silos => silos;

    /// <summary>Does something at one silo after the other, until one can.</summary>
    /// <exception cref="LatentDbException">What it failed with at the last one; silo_unreachable when there is none.</exception>
    public async Task<T> TryAsync<T>(ModelVerb verb, MemoryUid memory, Func<RemoteCall, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var tries = new RemoteTries(this, verb, memory);
        while (true)
        {
            using RemoteCall call = await tries.NextAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                T result = await call.RunAsync(token => work(call, token), cancellationToken).ConfigureAwait(false);
                RemoteTelemetry.Called(verb, "ok");
                return result;
            }
            catch (ElsewhereException error)
            {
                tries.Failed(call, error);
            }
            catch (Exception)
            {
                RemoteTelemetry.Called(verb, "failed");
                throw;
            }
        }
    }

    /// <summary>A stream to a silo.</summary>
    public async ValueTask<RemoteLink> OpenAsync(ModelSilo silo, CancellationToken cancellationToken)
    {
        RemoteLink link = await RemoteLink.OpenAsync(links, silo.Address, LinkChannel.Model, cancellationToken).ConfigureAwait(false);
        link.OnPressure = requests => silos.Hear(silo, requests);
        return link;
    }

    /// <summary>What names a version, and where its blocks are.</summary>
    public ModelCall About(ModelVerb verb, VersionedManifest version) => new(verb)
    {
        Owner = OwnAddress(),
        Version = version.Version.Number,
        Fingerprint = version.Version.Fingerprint,
        Manifest = ManifestShelf.DigestOf(version.Manifest),
        Trace = System.Diagnostics.Activity.Current?.Id,
    };

    /// <summary>Looks at the membership, because no silo could do it.</summary>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken) =>
        await silos.LookAsync(await view.RefreshAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private string OwnAddress() =>
        view.Current.Find(view.Self)?.Address
        ?? throw new LatentDbException(ErrorCode.SiloUnreachable, $"Silo {view.Self} is not a member yet.") { RetryAfter = RemoteLimits.RetryAfter };
}
