using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Shards;

public sealed class ShardMapTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_of_before_the_first_release_is_refused_in_words_that_say_so()
    {
        const string Body = "latentdb-store 1\nshards 1\n";
        File.WriteAllText(_folder.Combine("store"), $"{Body}crc32c {Checksum.Crc32C(Encoding.ASCII.GetBytes(Body)):x8}\n");

        LatentDbException error = Assert.Throws<LatentDbException>(() => ShardMap.Open(LocalDisk.Instance, _folder.Path, 1));

        Assert.Equal(ErrorCode.UnsupportedFormat, error.Code);
        Assert.Contains("before the first release", error.Message, StringComparison.Ordinal);
    }
}
