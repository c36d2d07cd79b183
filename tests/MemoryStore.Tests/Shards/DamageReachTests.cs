using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tests.Integrity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Shards;

/// <summary>Damage takes away what needs the damaged bytes, says so by name, and leaves everything else.</summary>
public sealed class DamageReachTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_damaged_block_fails_the_versions_that_need_it_and_no_others()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryState bob = await StateAsync(store, "bob");
        StoredSlice slice = bob.Blocks[0].Slices[0];
        store.Damage(slice.Location, LogName.Blocks);

        var failed = new List<VersionNumber>();
        var messages = new HashSet<string>(StringComparer.Ordinal);
        foreach (VersionState version in bob.Versions)
        {
            LatentDbException? error = await ReadVersionAsync(store, "bob", version.Version.Number);
            if (error is null) continue;
            Assert.Equal(ErrorCode.DataDamaged, error.Code);
            failed.Add(version.Version.Number);
            messages.Add(error.Message);
        }

        string message = Assert.Single(messages);
        Assert.NotEmpty(failed);
        Assert.True(failed.Count < bob.Versions.Length);
        Assert.Contains($"Block {bob.Blocks[0].Id.Sequence} of acme/bob, layer {slice.Layer}, part {slice.Part}, is damaged at epoch 1, block log, address {slice.Location.Addresses[0]}", message, StringComparison.Ordinal);
        Assert.Contains($"needed by {VersionSpans.From(failed).Words()} of acme/bob", message, StringComparison.Ordinal);
        Assert.Null(await ReadAllAsync(store, "ann"));
        Assert.Null(await ReadAllAsync(store, "heir"));
    }

    [Fact]
    public async Task A_damaged_version_record_fails_the_versions_that_are_built_on_it_and_no_others()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryState bob = await StateAsync(store, "bob");
        store.Damage(bob.Versions[2].Location!, LogName.Manifest);

        foreach (VersionState version in bob.Versions)
        {
            bool isReached = version.Version.Number.Value is 3 or 4 or 7 or 8;
            LatentDbException? error = await ReadVersionAsync(store, "bob", version.Version.Number);
            Assert.Equal(isReached, error is not null);
            if (error is null) continue;
            Assert.Contains("The record of version 3 of acme/bob is damaged at epoch 1, manifest log", error.Message, StringComparison.Ordinal);
            Assert.Contains("needed by versions 3 to 4 and 7 to 8 of acme/bob", error.Message, StringComparison.Ordinal);
        }

        Assert.Null(await ReadAllAsync(store, "fred"));
    }

    [Fact]
    public async Task A_damaged_state_fails_its_memory_and_the_others_are_listed()
    {
        await SmallStore.FillAsync(_folder.Path);
        await (await SmallStore.OpenAsync(_folder.Path)).DisposeAsync();
        var log = new KeptLog();
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path, log);
        store.Damage(store.Shard.Index.Directory.Find(OpenStore.Key("bob"))!.State!, LogName.Manifest);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => store.TimelineAsync("bob"));
        ImmutableArray<MemorySummary> listed = await store.Catalog.ListAsync(TenantId.Parse("acme"), 3, null, CancellationToken.None);

        await store.Service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
        Assert.Equal(ErrorCode.DataDamaged, error.Code);
        Assert.Contains("The state of acme/bob is damaged at epoch", error.Message, StringComparison.Ordinal);
        Assert.Equal(["ann", "fred", "heir"], listed.Select(m => m.Key.Memory.Value));
        Assert.Contains("Error: Memory acme/bob was left out of a listing", log.Text, StringComparison.Ordinal);

        // Fred's blocks were written by bob, and are read through fred.
        Assert.Null(await ReadAllAsync(store, "fred"));
    }

    [Fact]
    public async Task A_state_that_is_damaged_under_changes_in_the_log_is_lost_and_the_shard_opens()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path))
        {
            RecordLocation state = store.Shard.Index.Directory.Find(OpenStore.Key("ann"))!.State!;
            await SmallStore.Model.InjectAsync(await store.TimelineAsync("ann"), 60);
            await SmallStore.Model.InjectAsync(await store.TimelineAsync("bob"), 61);
            store.Damage(state, LogName.Manifest);
        }

        var log = new KeptLog();
        for (int opening = 0; opening < 3; opening++)
        {
            await using SmallStore store = await SmallStore.OpenAsync(_folder.Path, log);
            LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => store.TimelineAsync("ann"));
            Assert.Equal(ErrorCode.DataDamaged, error.Code);
            Assert.Contains("The state of acme/ann was damaged when its shard was opened", error.Message, StringComparison.Ordinal);
            Assert.Null(await ReadAllAsync(store, "bob"));
            ScrubReport report = await store.ScrubAsync();
            Assert.Contains(report.Damages, d => d.Kind == DamageKind.MemoryState && d.Needs.Any(n => n.Memory == "acme/ann"));
            await SmallStore.Model.InjectAsync(await store.TimelineAsync("bob"), 70 + opening);
            await store.Service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
        }

        Assert.Contains("Error: The state of memory acme/ann is damaged, and changes of it lie in the log", log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_memory_can_be_erased_and_made_again()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path))
        {
            RecordLocation state = store.Shard.Index.Directory.Find(OpenStore.Key("ann"))!.State!;
            await SmallStore.Model.InjectAsync(await store.TimelineAsync("ann"), 60);
            store.Damage(state, LogName.Manifest);
        }

        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path))
        {
            await store.Catalog.EraseAsync(OpenStore.Key("ann"), CancellationToken.None);
            await SmallStore.Model.InjectAsync(await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("ann")), 80);
        }

        await using SmallStore reopened = await SmallStore.OpenAsync(_folder.Path);
        Assert.Equal(2, (await reopened.TimelineAsync("ann")).Summary.Head.Number.Value);
        await reopened.Service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
        ScrubReport report = await reopened.ScrubAsync();
        Assert.DoesNotContain(report.Damages, d => d.Kind != DamageKind.Frame);
    }

    [Fact]
    public async Task A_memory_that_was_damaged_while_another_one_was_erased_does_not_keep_the_shard_from_opening()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path))
        {
            foreach (string name in new[] { "ann", "fred" }) store.Damage(store.Shard.Index.Directory.Find(OpenStore.Key(name))!.State!, LogName.Manifest);
            await store.Catalog.EraseAsync(OpenStore.Key("ann"), CancellationToken.None);
        }

        await using SmallStore reopened = await SmallStore.OpenAsync(_folder.Path);

        Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => reopened.TimelineAsync("fred"))).Code);
        Assert.Null(await ReadAllAsync(reopened, "bob"));
    }

    [Theory]
    [InlineData("ep-0000000001/blocks/log.0")]
    [InlineData("ep-0000000001/blocks/commit.ab")]
    [InlineData("ep-0000000001/blocks")]
    [InlineData("ep-0000000002/blocks")]
    [InlineData("ep-0000000003/blocks/log.0")]
    [InlineData("ep-0000000003/blocks/commit.ab")]
    [InlineData("ep-0000000003/blocks/header")]
    public async Task A_shard_opens_without_a_part_that_only_some_versions_need(string name)
    {
        await SmallStore.FillAsync(_folder.Path);
        string path = _folder.Combine("shard-0000", name);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        else File.Delete(path);

        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);

        int readable = 0;
        foreach (string memory in new[] { "ann", "bob", "fred", "heir" })
        {
            LatentDbException? error = await ReadAllAsync(store, memory);
            Assert.True(error is null || error.Code == ErrorCode.DataDamaged, error?.ToString());
            if (error is null) readable++;
        }

        Assert.True(readable > 0 || name.StartsWith("ep-0000000001", StringComparison.Ordinal), "nothing is readable");
        await store.Service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
        ScrubReport report = await store.ScrubAsync();
        Assert.True(readable == 4 || !report.IsClean);
        Assert.Equal(2, (await SmallStore.Model.InjectAsync(await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("new", "other")), 1)).Number.Value);
    }

    private static async Task<LatentDbException?> ReadVersionAsync(SmallStore store, string name, VersionNumber number)
    {
        try
        {
            MemoryTimeline timeline = await store.TimelineAsync(name);
            Manifest manifest = (await timeline.ReadAsync(new VersionSelector.NumberSelector(number), CancellationToken.None)).Manifest;
            for (int layer = 0; layer < manifest.Layers.Length; layer++)
            {
                foreach (ManifestBlock block in manifest.Blocks.Where(b => manifest.Names(new SliceAddress(b.Id, layer, SlicePart.Read))))
                {
                    await store.Catalog.Blocks.ReadAsync(new SliceAddress(block.Id, layer, SlicePart.Read), CancellationToken.None);
                }
            }

            return null;
        }
        catch (LatentDbException e)
        {
            return e;
        }
    }

    private static async Task<LatentDbException?> ReadAllAsync(SmallStore store, string name)
    {
        try
        {
            foreach (MemoryVersion version in (await store.TimelineAsync(name)).ListVersions(1000, null))
            {
                if (await ReadVersionAsync(store, name, version.Number) is LatentDbException error) return error;
            }

            return null;
        }
        catch (LatentDbException e)
        {
            return e;
        }
    }

    private static async Task<MemoryState> StateAsync(SmallStore store, string name)
    {
        MemoryRef memory = store.Shard.Index.Directory.Find(OpenStore.Key(name))!;
        return (await store.Shard.Memories.FindAsync(memory, CancellationToken.None))!.ToState();
    }
}
