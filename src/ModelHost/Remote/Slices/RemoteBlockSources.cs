using System.Collections.Concurrent;
using LatentDb.MemoryStore.Links;

namespace LatentDb.ModelHost.Remote.Slices;

/// <summary>The sources of a model silo, one for each owner, as long as they are used. Thread-safe.</summary>
internal sealed class RemoteBlockSources : IDisposable
{
    private readonly ISiloLinks _links;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, RemoteBlockSource> _sources = new(StringComparer.Ordinal);
    private readonly ITimer _sweeper;

    public RemoteBlockSources(ISiloLinks links, TimeProvider time)
    {
        _links = links;
        _time = time;
        _sweeper = time.CreateTimer(_ => Sweep(), null, RemoteLimits.IdleStream, RemoteLimits.IdleStream);
    }

    /// <summary>The blocks of the silo at that address.</summary>
    public RemoteBlockSource At(string address) => _sources.GetOrAdd(address, static (a, self) => new RemoteBlockSource(self._links, a, self._time), this);

    public void Dispose()
    {
        _sweeper.Dispose();
        foreach (RemoteBlockSource source in _sources.Values) source.Dispose();
        _sources.Clear();
    }

    private void Sweep()
    {
        foreach ((string address, RemoteBlockSource source) in _sources)
        {
            if (!source.Sweep()) _sources.TryRemove(address, out _);
        }
    }
}
