using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Shards;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Disk;

public sealed class FileSystemKindTests
{
    private const string Memory = "/dev/shm";

    [Fact]
    public void A_folder_in_memory_is_known_also_before_it_is_made()
    {
        if (!Directory.Exists(Memory)) return;

        Assert.Equal(FileSystemDurability.None, FileSystemKind.Of(Memory).Durability);
        Assert.Equal("tmpfs", FileSystemKind.Of($"{Memory}/none/of/these").Name);
    }

    [Fact]
    public void Other_folders_are_not_refused()
    {
        using var folder = new TempFolder();

        Assert.Equal(FileSystemDurability.Expected, FileSystemKind.Of("/proc").Durability);
        Assert.NotEmpty(FileSystemKind.Of(folder.Path).Name);
    }

    [Fact]
    public async Task A_data_folder_in_memory_is_refused_by_name_unless_it_is_allowed()
    {
        if (!Directory.Exists(Memory)) return;
        string data = Path.Combine(Memory, $"latentdb-{Guid.NewGuid():N}");
        try
        {
            await using var refused = new MemoryStoreService(new MemoryStoreOptions { Data = data, AllowVolatileDisk = false }, new ShardSettings());
            LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => refused.StartAsync(CancellationToken.None));
            Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
            Assert.Contains("tmpfs", error.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(data));

            await using var allowed = new MemoryStoreService(new MemoryStoreOptions { Data = data, AllowVolatileDisk = true }, new ShardSettings());
            await allowed.StartAsync(CancellationToken.None);
        }
        finally
        {
            if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
        }
    }
}
