using System.Text.Json;
using LatentDb.MemoryStore.Integrity;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Integrity;

public sealed class StoreInspectorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stats_are_the_sums_of_what_the_files_and_the_index_say()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);

        StoreStats stats = store.Service.Inspector.Stats();

        long files = Directory.EnumerateFiles(_folder.Path, "log.*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        Assert.Equal(files, stats.FileBytes);
        Assert.Equal(4, stats.Memories);
        Assert.InRange(stats.LiveBytes, 20_000, files);
        Assert.True(stats.FreeDiskBytes > 0);
        Assert.Null(stats.Failure);
    }

    [Fact]
    public async Task An_inspection_names_epochs_segments_checkpoint_and_keys()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        await SmallStore.Model.InjectAsync(await store.TimelineAsync("bob"), 90);

        StoreInspection inspection = await store.Service.Inspector.InspectAsync(CancellationToken.None);

        ShardInspection shard = Assert.Single(inspection.Shards);
        Assert.Equal(2, inspection.FormatVersion);
        Assert.Equal(4, shard.Epoch);
        Assert.Equal(4, shard.Memories);
        Assert.Equal([1L, 2, 3, 4], shard.Epochs.Select(e => e.Epoch));
        Assert.True(shard.Epochs[^1].IsCurrent);
        Assert.Equal(16 << 10, shard.Epochs[0].Blocks.SegmentBytes);
        Assert.True(shard.Epochs[0].Blocks.Segments.Length > 1);
        Assert.Equal(SmallStore.Model.Fingerprint.Value, Assert.Single(shard.Models));
        Assert.Equal(1, shard.Checkpoint.AgeFrames);
        Assert.True(shard.Checkpoint.Address > 0);
        Assert.Equal(5, shard.Keys.Memories);
        Assert.True(Assert.Single(inspection.MasterKeys).IsCurrent);
    }

    [Fact]
    public async Task An_inspection_can_be_written_as_JSON()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);

        string json = JsonSerializer.Serialize(await store.Service.Inspector.InspectAsync(CancellationToken.None));

        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(4, document.RootElement.GetProperty("Stats").GetProperty("Memories").GetInt64());
        Assert.Equal(4, document.RootElement.GetProperty("Shards")[0].GetProperty("Epoch").GetInt64());
    }
}
