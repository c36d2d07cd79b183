using System.Globalization;
using LatentDb.ModelHost.Remote;

namespace LatentDb.Placement;

/// <summary>What each model silo has in its memory and in its line, and what callers believe of it.</summary>
internal sealed class SiloStates
{
    private const int Places = 16;

    private readonly RecentSet[] _caches;
    private readonly int[] _running;
    private readonly int[] _told;
    private readonly int[][] _sent;
    private readonly int[][] _own; // of a caller, running now
    private readonly (int Others, double At)[][] _heard;
    private readonly ModelCandidate[] _seen;
    private readonly PriorityQueue<Running, double> _ends = new();
    private int _beats;

    public SiloStates(ModelCluster cluster, int callers)
    {
        _caches = [.. Enumerable.Range(0, cluster.Silos).Select(_ => new RecentSet(cluster.CachedMemories))];
        _running = new int[cluster.Silos];
        _told = new int[cluster.Silos];
        _sent = [.. Enumerable.Range(0, callers).Select(_ => new int[cluster.Silos])];
        _own = [.. Enumerable.Range(0, callers).Select(_ => new int[cluster.Silos])];
        _heard = [.. Enumerable.Range(0, callers).Select(_ => Enumerable.Repeat((0, double.NegativeInfinity), cluster.Silos).ToArray())];
        Idle = [.. Enumerable.Range(0, cluster.Silos).Select(i => new ModelCandidate(string.Create(CultureInfo.InvariantCulture, $"latentdb-model-{i}"), 0, Places))];
        _seen = [.. Idle];
    }

    /// <summary>All silos as if nobody asked them.</summary>
    public ModelCandidate[] Idle { get; }

    /// <summary>Requests at the busiest.</summary>
    public int Busiest => _running.Max();

    /// <summary>Loads as they were told last, and what this caller has sent since that still runs.</summary>
    public ModelCandidate[] SeenBy(int caller)
    {
        for (int i = 0; i < _seen.Length; i++) _seen[i] = _seen[i] with { Requests = _told[i] + _sent[caller][i] };
        return _seen;
    }

    /// <summary>What the caller runs there itself and what the silo's last answers said of others; where none is fresh, as <see cref="SeenBy"/>.</summary>
    public ModelCandidate[] HeardBy(int caller, double now, double life)
    {
        for (int i = 0; i < _seen.Length; i++)
        {
            (int others, double at) = _heard[caller][i];
            _seen[i] = _seen[i] with { Requests = now - at < life ? _own[caller][i] + others : _told[i] + _sent[caller][i] };
        }

        return _seen;
    }

    /// <summary>Loads as they are.</summary>
    public ModelCandidate[] Seen()
    {
        for (int i = 0; i < _seen.Length; i++) _seen[i] = _seen[i] with { Requests = _running[i] };
        return _seen;
    }

    /// <summary>The silos tell their loads; what callers have sent is in them now.</summary>
    public void Beat()
    {
        _beats++;
        _running.CopyTo(_told, 0);
        foreach (int[] sent in _sent) Array.Clear(sent);
    }

    public bool Touch(int silo, int memory) => _caches[silo].Touch(memory);

    public void Begin(int silo, int caller, double now, double end)
    {
        Hear(silo, caller, now);
        _running[silo]++;
        _own[caller][silo]++;
        _sent[caller][silo]++;
        _ends.Enqueue(new Running(silo, caller, _beats), end);
    }

    public void EndUntil(double now)
    {
        while (_ends.TryPeek(out Running ended, out double end) && end <= now)
        {
            _ends.Dequeue();
            _running[ended.Silo]--;
            _own[ended.Caller][ended.Silo]--;
            Hear(ended.Silo, ended.Caller, end);
            if (ended.Beat == _beats) _sent[ended.Caller][ended.Silo]--;
        }
    }

    /// <summary>An answer tells its silo's load when it begins and when it ends.</summary>
    private void Hear(int silo, int caller, double now) => _heard[caller][silo] = (_running[silo] - _own[caller][silo], now);

    private readonly record struct Running(int Silo, int Caller, int Beat);
}
