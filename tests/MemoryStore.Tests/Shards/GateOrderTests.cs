using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Shards;

/// <summary>Two writes that need the same two gates take them in the same order, whatever arrives first.</summary>
public sealed class GateOrderTests : IDisposable
{
    private const int Gates = 1024;

    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_fork_and_an_erasure_that_share_a_gate_do_not_wait_for_each_other()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        await _model.CreateAsync(store.Catalog, OpenStore.Key("source"));
        await _model.CreateAsync(store.Catalog, OpenStore.Key("erased"));
        string fork = Enumerable.Range(0, int.MaxValue).Select(i => $"fork-{i}").First(name => GateOf(name) == GateOf("erased"));
        await store.Shard.PlacesGate.WaitAsync();

        Task forking = store.Catalog.ForkAsync(OpenStore.Key("source"), VersionSelector.Head, OpenStore.Key(fork), null, WriteOrigin.None, CancellationToken.None);
        await Task.WhenAny(forking, Task.Delay(50));
        Task erasing = store.Catalog.EraseAsync(OpenStore.Key("erased"), CancellationToken.None);
        await Task.WhenAny(erasing, Task.Delay(50));
        store.Shard.PlacesGate.Release();

        await Task.WhenAll(forking, erasing).WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static uint GateOf(string memory) => (uint)OpenStore.Key(memory).GetHashCode() % Gates;
}
