using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Models;

/// <summary>Reads a memory at every number, every snapshot and both sides of every instant, and compares what it gets with the model.</summary>
internal static class ReadablePoints
{
    public static async Task CompareAsync(MemoryCatalog catalog, MemoryTimeline timeline, ModelMemory model)
    {
        Assert.Equal(model.HeadNumber, timeline.Summary.Head.Number.Value);
        ImmutableArray<MemoryVersion> listed = timeline.ListVersions(1000, null);
        Assert.Equal(Enumerable.Range(1, model.HeadNumber).Where(n => model.RefusalOf(n) is null).Reverse(), listed.Select(v => (int)v.Number.Value));
        for (int number = 1; number <= model.HeadNumber; number++)
        {
            if (model.RefusalOf(number) is null) await CompareVersionAsync(catalog, timeline, model, number);
            else await AssertRefusedAsync(ErrorCode.VersionExpired, timeline, Numbered(number));
            await CompareInstantAsync(timeline, model, number);
        }

        await AssertRefusedAsync(ErrorCode.VersionNotFound, timeline, Numbered(model.HeadNumber + 1));
        await CompareSnapshotsAsync(timeline, model);
        foreach ((string operationId, int number) in model.Operations.Where(o => !model.Versions[o.Value - 1].IsDropped)) Assert.Equal(number, timeline.FindOperation(operationId)?.Number.Value);
    }

    private static async Task CompareVersionAsync(MemoryCatalog catalog, MemoryTimeline timeline, ModelMemory memory, int number)
    {
        ModelVersion expected = memory.Versions[number - 1];
        VersionedManifest read = await timeline.ReadAsync(Numbered(number), CancellationToken.None);
        Assert.Equal(expected.Cause, read.Version.Cause);
        Assert.Equal(expected.RestoredFrom, read.Version.RestoredFrom?.Value ?? 0);
        Assert.Equal(expected.OperationId, read.Version.OperationId);
        Assert.Equal(expected.CommittedAt, read.Version.CommittedAt);
        Assert.Equal(expected.ForkedFrom, read.Version.ForkedFrom);
        Assert.Equal(expected.Author, read.Version.Author);
        Assert.Equal(expected.Metadata, read.Version.Metadata);
        Assert.Equal(expected.Kept, await timeline.ReadTextAsync(read.Version.Number, CancellationToken.None));
        Assert.Equal(number == 1 ? null : new VersionNumber(number - 1), read.Version.Parent);
        Assert.Equal(expected.Text, (await ModelContent.ReadAsync(catalog.Blocks, read.Manifest)).ToText());
    }

    /// <summary>Visible at its instant, and not a tick before: then its predecessor was, if it is still there.</summary>
    private static async Task CompareInstantAsync(MemoryTimeline timeline, ModelMemory memory, int number)
    {
        DateTimeOffset instant = memory.Versions[number - 1].CommittedAt.ToUtc();
        await CompareAtAsync(timeline, instant, number, memory.RefusalOf(number));
        await CompareAtAsync(timeline, instant.AddTicks(-1), number - 1, number == 1 ? ErrorCode.VersionNotFound : memory.RefusalOf(number - 1));
    }

    private static async Task CompareAtAsync(MemoryTimeline timeline, DateTimeOffset instant, int number, ErrorCode? refusal)
    {
        var at = new VersionSelector.TimeSelector(instant);
        if (refusal is not null) await AssertRefusedAsync(refusal, timeline, at);
        else Assert.Equal(number, (await timeline.ReadAsync(at, CancellationToken.None)).Version.Number.Value);
    }

    private static async Task CompareSnapshotsAsync(MemoryTimeline timeline, ModelMemory model)
    {
        Assert.Equal(model.Snapshots, timeline.ListSnapshots().ToDictionary(s => s.Name.Value, s => (int)s.Version.Value));
        foreach ((string name, int number) in model.Snapshots)
        {
            VersionedManifest read = await timeline.ReadAsync(VersionSelector.Parse(name), CancellationToken.None);
            Assert.Equal(number, read.Version.Number.Value);
        }

        await AssertRefusedAsync(ErrorCode.SnapshotNotFound, timeline, VersionSelector.Parse("never-taken"));
    }

    private static async Task AssertRefusedAsync(ErrorCode code, MemoryTimeline timeline, VersionSelector at)
    {
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(async () => await timeline.ReadAsync(at, CancellationToken.None));
        Assert.Equal(code, error.Code);
    }

    private static VersionSelector.NumberSelector Numbered(int number) => new(new VersionNumber(number));
}
