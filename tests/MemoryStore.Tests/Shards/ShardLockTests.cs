using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Shards;

/// <summary>Who may open a shard's folder, and what is told to who may not.</summary>
public sealed class ShardLockTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_second_is_told_who_holds_it_until_it_is_given_back()
    {
        using (Take("shard"))
        {
            LatentDbException error = Assert.Throws<LatentDbException>(() => Take("shard"));
            Assert.Equal(ErrorCode.ShardLocked, error.Code);
            Assert.Contains($"pid {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        }

        Take("shard").Dispose();
    }

    // Nobody holds what is not there: "open elsewhere" would send an operator to look for another process.
    [Fact]
    public void A_folder_that_is_gone_is_told_as_gone() => Assert.Throws<DirectoryNotFoundException>(() => Take(Path.Combine("gone", "shard")));

    private ShardLock Take(string name) => ShardLock.Take(_folder.Combine(name), _folder.Combine("owner"), "shard-0000", isShared: false, TimeProvider.System);
}
