using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Diff;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

/// <summary>The diff of two versions of a stored memory, named as callers name them.</summary>
public sealed class TimelineDiffTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Versions_are_named_by_any_selector_and_compared_in_either_direction()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("alice"));
        for (int i = 1; i <= 5; i++) await _model.InjectAsync(timeline, i);
        await timeline.CreateSnapshotAsync(SnapshotName.Parse("third"), VersionSelector.Parse("3"), CancellationToken.None);

        VersionDiff there = await timeline.DiffAsync(VersionSelector.Parse("third"), VersionSelector.Head, CancellationToken.None);
        VersionDiff back = await timeline.DiffAsync(VersionSelector.Head, VersionSelector.Parse("third"), CancellationToken.None);

        Assert.Equal([4L, 5, 6], there.Between.Select(v => v.Number.Value));
        Assert.Equal(there.Between.AsEnumerable(), back.Between.AsEnumerable());
        Assert.Equal(3, there.BlocksAdded.Length);
        Assert.Equal(there.BlocksAdded.AsEnumerable(), back.BlocksRemoved.AsEnumerable());
        Assert.All(there.Layers, layer => Assert.Equal(layer.Pool.After, layer.Pool.Retained + layer.Pool.Added));
        Assert.All(back.Layers, layer => Assert.Equal(0, layer.Pool.Added));
    }

    [Fact]
    public async Task A_version_that_is_not_there_cannot_be_compared()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("alice"));

        var error = await Assert.ThrowsAsync<LatentDbException>(
            () => timeline.DiffAsync(VersionSelector.Head, VersionSelector.Parse("7"), CancellationToken.None).AsTask());

        Assert.Equal(ErrorCode.VersionNotFound, error.Code);
    }
}
