using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tests.Fuzz;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Transfer.Content;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>An archive whose seals hold may still not make sense: everything that it says is checked against what came before.</summary>
public sealed class ArchiveContentsTests
{
    private static readonly int FuzzCases = LongMode.Rounds(inCI: 10_000, whole: 500_000);

    private readonly ArchivedHistory _history = new();

    [Fact]
    public async Task Versions_come_out_as_they_went_in_but_for_the_names_of_their_blocks()
    {
        RecordingTarget target = await _history.ReadAsync(_history.Records);

        Assert.Equal([1L, 2, 3, 4, 5, 6], target.Versions.Select(v => v.Record.Version.Number.Value));
        Assert.Equal([0, 1, 2, 1, 0, 1], target.Versions.Select(v => v.Depth));
        Assert.Equal(_history.Version(3, VersionCause.Inject, 2) with { HasText = true }, target.Versions[2].Record.Version);
        Assert.Equal("text 3", target.Versions[2].Record.Text);
        Assert.Equal("before", Assert.Single(target.Snapshots).Name.Value);
        Assert.All(target.Slices, s => Assert.Equal(RecordingTarget.Owner, s.Address.Block.Owner));
        Assert.Equal(4 * ArchivedHistory.Layers * 2, target.Slices.Count);
    }

    [Fact]
    public async Task Manifests_and_tensors_are_the_same_under_the_new_names()
    {
        RecordingTarget target = await _history.ReadAsync(_history.Records);

        Manifest third = target.Versions[2].Record.Deltas[0].Apply(target.Versions[1].Record.Deltas[0].Apply(_history.Genesis));
        // The archive's blocks 2 and 3 are the first that came.
        Manifest back = third with { Blocks = [.. third.Blocks.Select(b => b.Id.Owner == RecordingTarget.Owner ? b with { Id = ArchivedHistory.Block((int)b.Id.Sequence + 1) } : b)] };
        Assert.Equal(TestModel.Fingerprinted(_history.Third), TestModel.Fingerprinted(back));
        Assert.Equal(_history.Slice(2, 1, SlicePart.Hidden).Tensors[0].Bytes.ToArray(), target.Slices[3].Tensors[0].Bytes.ToArray());
    }

    [Fact]
    public async Task A_chain_of_deltas_longer_than_the_target_keeps_ends_in_an_image()
    {
        RecordingTarget target = await _history.ReadAsync(_history.Records, ArchivedHistory.Bounds with { WritesBetweenImages = 2 });

        Assert.NotNull(target.Versions[2].Record.Image);
        Assert.Empty(target.Versions[2].Record.Deltas);
        Assert.Equal([0, 1, 0, 1, 0, 1], target.Versions.Select(v => v.Depth));
    }

    [Fact]
    public async Task No_record_can_be_left_out()
    {
        for (int i = 0; i < _history.Records.Count; i++)
        {
            if (_history.Records[i].Kind == ArchiveRecordKind.Snapshot) continue;
            await ArchiveTests.AssertInvalidAsync(() => _history.ReadAsync(_history.With(i, null)));
        }
    }

    [Fact]
    public async Task No_record_may_come_twice()
    {
        for (int i = 0; i < _history.Records.Count; i++)
        {
            var records = new List<(ArchiveRecordKind Kind, byte[] Payload)>(_history.Records);
            records.Insert(i, records[i]);
            await ArchiveTests.AssertInvalidAsync(() => _history.ReadAsync(records));
        }
    }

    [Fact]
    public async Task A_gap_stands_between_what_was_kept_and_an_image()
    {
        var gap = new VersionGap(new VersionNumber(1), new VersionNumber(4), new HybridTimestamp(_history.Memory.CreatedAt.UtcTicks + 1));
        var records = _history.Records.Where((_, i) => i > _history.IndexOf(ArchiveRecordKind.Version, 3)).ToList();
        records.InsertRange(0, _history.Records.Where(r => r.Kind is ArchiveRecordKind.Block or ArchiveRecordKind.Slice).Take(5));
        records.Insert(0, (ArchiveRecordKind.Gap, ArchiveCodec.Encode(gap).ToArray()));
        records.Insert(0, (ArchiveRecordKind.Memory, ArchiveCodec.Encode(_history.Memory with { Versions = 2 }).ToArray()));
        records.RemoveAll(r => r.Kind == ArchiveRecordKind.Snapshot);

        RecordingTarget target = await _history.ReadAsync(records);

        Assert.Equal([5L, 6], target.Versions.Select(v => v.Record.Version.Number.Value));
        Assert.Equal(gap, Assert.Single(target.Gaps));
    }

    public static TheoryData<string> Contradictions => [.. ArchiveContradictions.Of(new ArchivedHistory()).Keys];

    [Theory]
    [MemberData(nameof(Contradictions))]
    public async Task A_record_that_contradicts_another_is_refused(string what)
    {
        (int index, byte[] payload) = ArchiveContradictions.Of(_history)[what];

        await ArchiveTests.AssertInvalidAsync(() => _history.ReadAsync(_history.With(index, payload)));
    }

    [Fact]
    public async Task Whatever_sealed_records_say_gives_archive_invalid()
    {
        var random = new Random(20261121);
        for (int i = 0; i < FuzzCases; i++)
        {
            int index = random.Next(_history.Records.Count);
            var records = _history.With(index, Mutated(random, _history.Records[index].Payload));
            Exception? error = await Record.ExceptionAsync(() => _history.ReadAsync(records));
            Assert.True(error is null or LatentDbException { Code.Name: "archive_invalid" }, $"case {i}: {error}");
        }
    }

    private static byte[] Mutated(Random random, byte[] payload)
    {
        var bytes = new List<byte>(payload);
        for (int times = random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
        {
            // Most of a slice is numbers that mean nothing here: what stands before them is what can go wrong.
            int at = random.Next(Math.Min(bytes.Count, 400));
            switch (random.Next(5))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] = (byte)(0x80 + random.Next(128)); break;
                case 3: bytes.RemoveRange(at, random.Next(1, 1 + Math.Min(9, bytes.Count - at))); break;
                default: bytes.InsertRange(at, Enumerable.Range(0, random.Next(1, 9)).Select(_ => (byte)random.Next(256))); break;
            }
        }

        return [.. bytes];
    }
}
