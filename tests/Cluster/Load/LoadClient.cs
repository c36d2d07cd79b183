using LatentDb.Cluster.Running;

namespace LatentDb.Cluster.Load;

/// <summary>One client: asks one thing after the other until it is stopped; what has begun is ended.</summary>
public sealed class LoadClient : IDisposable
{
    private readonly int _number;
    private readonly Random _random;
    private readonly LongLives _long;
    private readonly ShortLives _short;

    /// <param name="number">Tells it from the others.</param>
    /// <param name="name">Tells it from all clients so far: part of what it calls its copies.</param>
    /// <param name="silos">Whom it may ask.</param>
    /// <param name="names">The names that clients share for memories that come and go.</param>
    /// <param name="seed">Of what it asks.</param>
    public LoadClient(int number, string name, IReadOnlyList<ClusterSilo> silos, ShortLives names, int seed)
    {
        _number = number;
        _random = new Random(seed);
        _short = names;
        Caller = new Caller(silos, new Random(seed + 1));
        _long = new LongLives(number, Caller, _random);
        Copies = new CopiedLives(number, name, Caller);
    }

    public Caller Caller { get; }

    /// <summary>What it has made of other memories.</summary>
    public CopiedLives Copies { get; }

    public async Task RunAsync(IReadOnlyList<LoadHistory> memories, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested) await StepAsync(memories[_random.Next(memories.Count)]);
    }

    public void Dispose() => Caller.Dispose();

    private Task StepAsync(LoadHistory memory) => _random.Next(40) switch
    {
        < 1 => Copies.ForkAsync(memory),
        < 2 => Copies.ImportAsync(memory),
        < 10 => _short.StepAsync(_number, Caller, _random),
        _ => _long.StepAsync(memory),
    };
}
