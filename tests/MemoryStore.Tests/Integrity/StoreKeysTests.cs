using System.Security.Cryptography;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Integrity;

public sealed class StoreKeysTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_master_key_replaces_the_old_one_while_the_store_is_open()
    {
        await SmallStore.FillAsync(_folder.Path);
        string path = _folder.Combine("master.key");
        string old = await File.ReadAllTextAsync(path);
        List<string> content;
        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path))
        {
            content = await ReadAsync(store);
            await File.WriteAllTextAsync(path, $"k2 {NewKey()}\n{old}");
            Task<MemoryTimeline> write = SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("zoe", "other"));
            await store.Service.Keys.RotateMasterAsync(CancellationToken.None);
            await write;
            await store.Service.Keys.RotateMasterAsync(CancellationToken.None);

            MasterKeyUse use = Assert.Single(store.Service.Keys.ListMasterKeys());
            Assert.Equal("k2", use.Id);
            Assert.True(use.IsCurrent);
            Assert.Equal(3, use.TenantKeys);
            Assert.True((await store.ScrubAsync()).IsClean);
        }

        string[] lines = await File.ReadAllLinesAsync(path);
        await File.WriteAllTextAsync(path, lines[0]);
        await using SmallStore reopened = await SmallStore.OpenAsync(_folder.Path);
        Assert.Equal(content, await ReadAsync(reopened));
    }

    [Fact]
    public async Task A_master_key_that_is_still_needed_must_be_there()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        await File.WriteAllTextAsync(_folder.Combine("master.key"), NewKey());

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => store.Service.Keys.RotateMasterAsync(CancellationToken.None));

        Assert.Equal(ErrorCode.KeyUnavailable, error.Code);
        Assert.Contains("put it back", error.Message, StringComparison.Ordinal);
        await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("zoe", "other"));
    }

    [Fact]
    public async Task Keys_of_tenants_and_shards_are_rotated_in_every_shard_and_nothing_else_changes()
    {
        List<string> content = [];
        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path, shards: 4))
        {
            for (int i = 0; i < 12; i++) await SmallStore.Model.InjectAsync(await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key($"m{i}")), i);
            content = await ReadAsync(store);
            await store.Service.Keys.RotateTenantAsync(TenantId.Parse("acme"), CancellationToken.None);
            await store.Service.Keys.RotateTenantAsync(TenantId.Parse("nobody"), CancellationToken.None);
            await store.Service.Keys.RotateShardsAsync(CancellationToken.None);
            Assert.Equal(content, await ReadAsync(store));
            ScrubReport report = await store.ScrubAsync();
            Assert.True(report.IsClean, string.Join('\n', report.Damages));
        }

        await using SmallStore reopened = await SmallStore.OpenAsync(_folder.Path, shards: 4);
        Assert.Equal(content, await ReadAsync(reopened));
        Assert.Equal("0 1 2 3", string.Join(' ', Assert.Single(reopened.Service.Keys.ListMasterKeys()).Shards));
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static async Task<List<string>> ReadAsync(SmallStore store)
    {
        var content = new List<string>();
        foreach (var memory in await store.Catalog.ListAsync(TenantId.Parse("acme"), 1000, null, CancellationToken.None))
        {
            content.AddRange(await StoreContent.ReadEverythingAsync(store.Catalog, await store.Catalog.OpenAsync(memory.Key, CancellationToken.None)));
        }

        return content;
    }
}
