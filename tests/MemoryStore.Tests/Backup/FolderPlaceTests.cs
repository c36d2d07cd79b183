using LatentDb.MemoryStore.Backup;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Backup;

/// <summary>Objects in a folder: whole or absent, and never another content.</summary>
public sealed class FolderPlaceTests
{
    private static readonly byte[] First = [1, 2, 3];
    private static readonly byte[] Second = [4, 5];

    [Fact]
    public async Task The_first_content_of_a_name_stays()
    {
        using var folder = new TempFolder();
        var place = new FolderPlace(LocalDisk.Instance, folder.Path);

        Assert.True(await place.PutIfAbsentAsync("a/b/one-1", First, CancellationToken.None));
        Assert.False(await place.PutIfAbsentAsync("a/b/one-1", Second, CancellationToken.None));
        await place.PutIfAbsentAsync("a/two-1", Second, CancellationToken.None);

        Assert.Equal(First, await place.GetAsync("a/b/one-1", CancellationToken.None));
        Assert.Equal(["a/b/one-1", "a/two-1"], await place.ListAsync("a", CancellationToken.None));
        await place.DeleteAsync("a/b/one-1", CancellationToken.None);
        await place.DeleteAsync("a/b/one-1", CancellationToken.None);
        Assert.Null(await place.GetAsync("a/b/one-1", CancellationToken.None));
        Assert.Empty(await place.ListAsync("c", CancellationToken.None));
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("A")]
    [InlineData("")]
    public async Task A_name_that_leads_elsewhere_is_none(string name)
    {
        using var folder = new TempFolder();

        await Assert.ThrowsAsync<ArgumentException>(() => new FolderPlace(LocalDisk.Instance, folder.Path).PutIfAbsentAsync(name, First, CancellationToken.None));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_no_empty_place()
    {
        using var folder = new TempFolder();
        var place = new FolderPlace(LocalDisk.Instance, folder.Combine("not-mounted"));

        await Assert.ThrowsAsync<IOException>(() => place.PutIfAbsentAsync("a", First, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => place.ListAsync("a", CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => place.GetAsync("a", CancellationToken.None));
    }

    [Fact]
    public async Task What_was_put_is_there_after_a_power_cut_and_what_was_not_is_whole_or_absent()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var disk = new SimulatedDisk();
            disk.CreateDurableFolder("/place");
            disk.CutAt = disk.Changes + (seed % 20);
            var acknowledged = new List<string>();
            try
            {
                var place = new FolderPlace(disk, "/place");
                foreach (string name in (string[])["a/one-1", "a/two-1", "b/three-1"])
                {
                    await place.PutIfAbsentAsync(name, First, CancellationToken.None);
                    acknowledged.Add(name);
                }
            }
            catch (IOException)
            {
                // The power.
            }

            var after = new FolderPlace(disk.AfterPowerCut(seed), "/place");
            foreach (string name in (string[])["a/one-1", "a/two-1", "b/three-1"])
            {
                byte[]? content = await after.GetAsync(name, CancellationToken.None);
                if (content is not null || acknowledged.Contains(name)) Assert.Equal(First, content);
                await after.PutIfAbsentAsync(name, First, CancellationToken.None);
                Assert.Equal(First, await after.GetAsync(name, CancellationToken.None));
            }
        }
    }

    [Fact]
    public async Task Keys_are_overwritten_before_they_are_removed()
    {
        var disk = new SimulatedDisk();
        disk.CreateDurableFolder("/place");
        var place = new FolderPlace(disk, "/place", overwrites: true);
        await place.PutIfAbsentAsync("keys/one-1", First, CancellationToken.None);
        var seen = new List<byte[]>();
        disk.Watch = (kind, path) =>
        {
            if (kind == DiskChange.Name && path.EndsWith("one-1", StringComparison.Ordinal)) seen.Add(disk.ReadAll(path));
        };

        await place.DeleteAsync("keys/one-1", CancellationToken.None);

        Assert.Equal(new byte[First.Length], Assert.Single(seen));
    }
}
