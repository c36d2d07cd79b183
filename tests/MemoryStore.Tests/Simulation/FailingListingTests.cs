using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Simulation;

public sealed class FailingListingTests : IDisposable
{
    private readonly SimulatedStore _store = new();
    private readonly TestModel _model = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task An_erasure_after_which_nobody_can_tell_who_owns_the_shard_is_refused_as_the_disks_fault_and_holds()
    {
        MemoryKey key = OpenStore.Key("ann");
        var disk = new SimulatedDisk();
        await using OpenStore open = await _store.OpenAsync(disk);
        await _model.CreateAsync(open.Catalog, key);
        disk.Watch = (change, path) => disk.Faults.ListingsFail |= change == DiskChange.Sync && path.EndsWith("keys.b", StringComparison.Ordinal);

        LatentDbException refusal = await Assert.ThrowsAsync<LatentDbException>(() => open.Catalog.EraseAsync(key, WriteOrigin.None, CancellationToken.None));

        Assert.Equal(ErrorCode.StoreUnavailable, refusal.Code);
        Assert.True(disk.Faults.ListingsFail);
        disk.Faults.ListingsFail = false;
        disk.Watch = null;
        Assert.Equal(ErrorCode.MemoryNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => open.Catalog.OpenAsync(key, CancellationToken.None))).Code);
    }
}
