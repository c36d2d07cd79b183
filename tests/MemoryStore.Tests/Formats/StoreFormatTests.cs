using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Tests.Integrity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Formats;

/// <summary>Stores that earlier programs wrote: a format that was released is read for ever, one that never was is refused in words.</summary>
/// <remarks>
/// <c>store-2.zip</c> was made by <see cref="SmallStore.FillAsync"/> (three epochs, a fork, a snapshot, a rollback, an erased memory, a kept text) with
/// <c>UPDATE_CORPUS=1</c>; <c>store-1.zip</c> by the program of commit 08b0c61. A format that was released keeps its file: a new one gets a new file.
/// </remarks>
public sealed class StoreFormatTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_of_format_2_has_everything_that_was_written()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_CORPUS") == "1") await WriteAsync();
        await UnpackAsync("store-2.zip");
        string expected = (await File.ReadAllTextAsync(PathOf("store-2.txt"))).ReplaceLineEndings("\n");
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);

        Assert.Equal(expected, await TextOfAsync(store.Catalog));
        ScrubReport report = await store.ScrubAsync();
        Assert.True(report.IsClean, string.Join('\n', report.Damages));
        Assert.Equal(ErrorCode.MemoryNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => store.TimelineAsync("eve"))).Code);
    }

    [Fact]
    public async Task A_store_of_format_2_can_be_written_compacted_and_opened_again()
    {
        await UnpackAsync("store-2.zip");
        string before;
        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path))
        {
            await SmallStore.Model.InjectAsync(await store.TimelineAsync("bob"), 8);
            await store.Service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
            before = await TextOfAsync(store.Catalog);
        }

        await using SmallStore reopened = await SmallStore.OpenAsync(_folder.Path);
        Assert.Equal(before, await TextOfAsync(reopened.Catalog));
        Assert.Equal(10, (await reopened.TimelineAsync("bob")).Summary.Head.Number.Value);
    }

    [Fact]
    public async Task A_store_of_format_1_is_refused_in_words_that_help()
    {
        await UnpackAsync("store-1.zip");

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => SmallStore.OpenAsync(_folder.Path));

        Assert.Equal(ErrorCode.UnsupportedFormat, error.Code);
        Assert.Contains("before the first release", error.Message, StringComparison.Ordinal);
        Assert.Contains("empty folder", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Combine("master.key")), "a key was put beside a store that is not ours");
    }

    /// <summary>The mark of the shard's holder and the reserve of disk space are this process's own.</summary>
    private static async Task WriteAsync()
    {
        using var folder = new TempFolder();
        await SmallStore.FillAsync(folder.Path);
        foreach (string name in new[] { "shard-0000/lock", "shard-0000/owner", "ballast" }) File.Delete(folder.Combine(name));
        File.Delete(PathOf("store-2.zip"));
        await ZipFile.CreateFromDirectoryAsync(folder.Path, PathOf("store-2.zip"), CompressionLevel.SmallestSize, includeBaseDirectory: false, CancellationToken.None);
        await using SmallStore store = await SmallStore.OpenAsync(folder.Path);
        await File.WriteAllTextAsync(PathOf("store-2.txt"), await TextOfAsync(store.Catalog));
    }

    private async Task UnpackAsync(string name)
    {
        await ZipFile.ExtractToDirectoryAsync(PathOf(name), _folder.Path, CancellationToken.None);
        string key = _folder.Combine("master.key");
        if (File.Exists(key) && !OperatingSystem.IsWindows()) File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string PathOf(string name) => RepositoryFiles.Combine("tests", "MemoryStore.Tests", "Formats", name);

    private static async Task<string> TextOfAsync(MemoryCatalog catalog)
    {
        var text = new StringBuilder();
        foreach (MemorySummary memory in await catalog.ListAsync(TenantId.Parse("acme"), 1000, null, CancellationToken.None))
        {
            text.Append($"memory {memory.Key} {memory.Uid} created {memory.CreatedAt} owns {memory.OwnedBytes} metadata {memory.Metadata}\n");
            MemoryTimeline timeline = await catalog.OpenAsync(memory.Key, CancellationToken.None);
            foreach (Snapshot snapshot in timeline.ListSnapshots()) text.Append($"  snapshot {snapshot.Name} {snapshot.Version} {snapshot.CreatedAt}\n");
            foreach (MemoryVersion version in timeline.ListVersions(1000, null).Reverse()) await AppendAsync(text, catalog, timeline, version);
        }

        return text.ToString();
    }

    private static async Task AppendAsync(StringBuilder text, MemoryCatalog catalog, MemoryTimeline timeline, MemoryVersion version)
    {
        Manifest manifest = (await timeline.ReadAsync(new VersionSelector.NumberSelector(version.Number), CancellationToken.None)).Manifest;
        text.Append($"  {version}\n    text {await timeline.ReadTextAsync(version.Number, CancellationToken.None)}\n    manifest {Digest(Encoding.ASCII.GetBytes(TestModel.Fingerprinted(manifest)))}\n");
        foreach (ManifestBlock block in manifest.Blocks)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (int layer = 0; layer < manifest.Layers.Length; layer++)
            {
                BlockSlice slice = await catalog.Blocks.ReadAsync(new SliceAddress(block.Id, layer, SlicePart.Read), CancellationToken.None);
                foreach (SliceTensor tensor in slice.Tensors) hash.AppendData(tensor.Bytes.Span);
            }

            text.Append($"    block {block.Id} {Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16))}\n");
        }
    }

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16));
}
