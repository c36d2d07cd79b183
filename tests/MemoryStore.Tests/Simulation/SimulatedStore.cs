using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>The whole store on a simulated disk, with small pages, segments and bounds, so that a short history crosses all of them.</summary>
/// <remarks>Only the lock files are real: they lie in a folder of the machine that has the same name.</remarks>
internal sealed class SimulatedStore : IDisposable
{
    /// <summary>Longer than anything takes on a slow machine: what is not done by then hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int Shards = 2;

    private static readonly LocalMasterKeys Master = LocalMasterKeys.Parse(Convert.ToBase64String(new byte[32]), "The test");

    private readonly TempFolder _locks = new();

    public SimulatedStore()
    {
        for (int shard = 0; shard < Shards; shard++) Directory.CreateDirectory(_locks.Combine($"shard-{shard:D4}"));
    }

    public string Root => _locks.Path;

    public static ShardSettings Settings(IDisk disk) => new()
    {
        Disk = disk,
        MasterKeys = Master,

        // Stands still, so that no shard is opened again behind a test that looks at it.
        Time = new ManualTimeProvider(),
        ManifestGeometry = new LogGeometry(16 << 10, 128 << 10, 64 << 10),
        BlockGeometry = new LogGeometry(32 << 10, 128 << 10, 64 << 10),
        FramesBetweenCheckpoints = 20,
        BytesBetweenCheckpoints = 64 << 10,
        WritesBetweenImages = 5,
    };

    public Task<OpenStore> OpenAsync(IDisk disk, ShardSettings? settings = null, int shards = Shards) =>
        OpenStore.AtAsync(Root, settings ?? Settings(disk), shards).WaitAsync(Patience);

    public string ShardPath => _locks.Combine("shard-0000");

    /// <summary>A folder of one shard that others have open too.</summary>
    public Task<OpenStore> OpenSharedAsync(IDisk disk, ShardLease lease) =>
        OpenStore.SharedAtAsync(Root, Settings(disk) with { IsShared = true }, lease).WaitAsync(Patience);

    public void Dispose() => _locks.Dispose();
}
