using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using OperationStatus = LatentDb.MemoryStore.Versions.Operations.OperationStatus;

namespace LatentDb.MemoryStore.Tests.Records;

public sealed class RecordCodecTests
{
    private static readonly ModelFingerprint Fingerprint = ModelFingerprint.Parse(new string('a', 64));
    private static readonly RecordLocation Location = new(new Epoch(3), 17, 100_000, [64, 1 << 20, 1L << 40]);
    private static readonly ImmutableArray<StoredBlock> Blocks =
        [new StoredBlock(new BlockId(new MemoryUid(5), 1), [.. Enumerable.Range(0, 32).Select(i => (byte)i)], [new StoredSlice(0, SlicePart.Read, 7, Location), new StoredSlice(31, SlicePart.Hidden, uint.MaxValue, Location)])];

    private static readonly Manifest Pool = new(
        [new ManifestBlock(new BlockId(new MemoryUid(5), 1), 0, 12), new ManifestBlock(new BlockId(new MemoryUid(6), 9), 3, 4)],
        [new LayerRows([new RowRun(0, 1, 5), new RowRun(1, 0, 4)], [new BankRun(0, 0, 1, 2, float.NaN), new BankRun(1, 3, 1, 1, -1.5f)], 0.25f)],
        3);

    private static readonly MemoryVersion Version =
        new(new VersionNumber(7), new VersionNumber(6), VersionCause.Inject, null, default, Fingerprint, ulong.MaxValue, 16, 1, 3, 1000, "op")
        {
            Author = "key-1",
            Metadata = "{}",
            ForkedFrom = new ForkSource(OpenStore.Key("alice"), new VersionNumber(3)),
            HasText = true,
        };

    private static readonly VersionGap Gap = new(new VersionNumber(2), new VersionNumber(5), new HybridTimestamp(77));

    internal static IEnumerable<ShardRecord> Samples()
    {
        ManifestDelta delta = new TestModel().Delta(new BlockId(new MemoryUid(6), 9), seed: 6);
        var seal = new LogSeal(8192, 12, ulong.MaxValue);
        yield return new EpochOpenedRecord(new Epoch(7));
        yield return new GenesisRecord(Fingerprint, Pool, Blocks);
        yield return new MemoryCreatedRecord(OpenStore.Key("bob"), Fingerprint, "{}", "key-1");
        yield return new MemoryCreatedRecord(OpenStore.Key("bob"), Fingerprint, null, null);
        yield return new MemoryErasedRecord(Location, [new SegmentUsage(new SegmentId(new Epoch(2), LogName.Blocks, 3), 7)]);
        yield return new VersionRecord(Version, [delta, delta], null, null, Blocks, "text");
        yield return new VersionRecord(Version, [], Pool, null, [], null);
        yield return new VersionRecord(Version with { Cause = VersionCause.Rollback, RestoredFrom = VersionNumber.First }, [], null, VersionNumber.First, [], null);
        yield return new SnapshotCreatedRecord(SnapshotName.Parse("s"), VersionNumber.First);
        yield return new SnapshotDeletedRecord(SnapshotName.Parse("s"));
        yield return new SnapshotCreatedRecord(SnapshotName.Parse("s"), VersionNumber.First) { Under = new WriteKey("op", RequestDigest.Of("a")) };
        yield return new SnapshotDeletedRecord(SnapshotName.Parse("s")) { Under = new WriteKey("op", null) };
        yield return new MemoryCreatedRecord(OpenStore.Key("bob"), Fingerprint, null, null) { Under = new WriteKey("op", RequestDigest.Of("a")) };
        yield return new MemoryErasedRecord(Location, []) { Under = RequestDigest.Of("a") };
        yield return new VersionRecord(Version, [], Pool, null, [], null) { Digest = RequestDigest.Of("a", null) };
        yield return new MemoryStateRecord(Memory() with { Keys = [new KeyedWrite("op", WriteVerb.DeleteSnapshot, RequestDigest.Of("a"), VersionNumber.First, new HybridTimestamp(7))] });
        var operation = new OperationUid(new Guid("01234567-89ab-7def-8123-456789abcdef"));
        var origin = new WriteOrigin("op", "key-1") { Digest = RequestDigest.Of("a") };
        yield return new OperationAcceptedRecord(operation, new OperationDraft([new OperationItem("text", 7, "{}"), new OperationItem("more", null, null)], true, VersionNumber.First, origin), IsMoved: true);
        yield return new OperationAcceptedRecord(operation, new OperationDraft([new OperationItem("text", null, null)], false, null, WriteOrigin.None), IsMoved: false);
        yield return new OperationEndedRecord(operation, OperationStatus.Failed, [VersionNumber.First, null], new OperationFailure("text_too_short", "Too short.", 1));
        yield return new VersionRecord(Version, [], Pool, null, [], null) { Step = new OperationStep(operation, 3) };
        var queued = new WriteOperation(operation, OperationStatus.Queued, new HybridTimestamp(7), true, [VersionNumber.First, null], origin);
        WriteOperation ended = queued with { Status = OperationStatus.Failed, EndedAt = new HybridTimestamp(9), Failure = new OperationFailure("internal", "A defect.", 0) };
        yield return new MemoryStateRecord(Memory() with { Operations = [new OperationState(queued, Location), new OperationState(ended, null)] });
        yield return new CheckpointRecord([], [], [], []) { Erasures = [RequestDigest.Of("a")] };
        yield return new CheckpointRecord(
            [new EpochSeal(new Epoch(2), seal, default)],
            [new GenesisState(Fingerprint, Location, Blocks)],
            [Location],
            [new SegmentUsage(new SegmentId(new Epoch(2), LogName.Blocks, 3), 1L << 40)]);
        yield return new MemoryAddedRecord(Memory());
        yield return new MemoryStateRecord(Memory());
        yield return new DirectoryPageRecord([new DirectoryItem(new MemoryUid(5), OpenStore.Key("bob"), Location, [new MemoryUid(6)], 7, IsWaiting: true)], [new MemoryUid(7)]);
        yield return new VersionsDroppedRecord([Gap], [new VersionPlace(new VersionNumber(9), Location)], [new BlockId(new MemoryUid(5), 1)]);
        yield return new RelocatedRecord(
            [
                new MemoryRelocation(
                    new MemoryUid(5),
                    [new VersionPlace(VersionNumber.First, Location)],
                    [new SlicePlace(new SliceAddress(new BlockId(new MemoryUid(5), 1), 2, SlicePart.Hidden), Location)]),
            ],
            [new GenesisState(Fingerprint, Location, Blocks)]);
    }

    [Fact]
    public void Every_record_comes_back_to_the_same_bytes()
    {
        foreach (ShardRecord record in Samples())
        {
            ReadOnlyMemory<byte> bytes = RecordCodec.Encode(record);
            ShardRecord decoded = Decode(record.Kind, bytes.Span);
            Assert.Equal(Convert.ToHexString(bytes.Span), Convert.ToHexString(RecordCodec.Encode(decoded).Span));
        }
    }

    [Fact]
    public void A_record_cut_short_anywhere_is_a_format_error()
    {
        foreach (ShardRecord record in Samples())
        {
            byte[] bytes = RecordCodec.Encode(record).ToArray();
            for (int length = 0; length < bytes.Length; length++)
            {
                Assert.Throws<FrameFormatException>(() => Decode(record.Kind, bytes.AsSpan(0, length)));
            }
        }
    }

    [Fact]
    public void A_mutated_record_is_a_record_or_a_format_error()
    {
        foreach (ShardRecord record in Samples())
        {
            byte[] bytes = RecordCodec.Encode(record).ToArray();
            for (int seed = 0; seed < 2000; seed++)
            {
                var random = new Random(seed);
                byte[] mutated = [.. bytes];
                for (int i = random.Next(1, 4); i > 0; i--) mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
                try
                {
                    Decode(record.Kind, mutated);
                }
                catch (FrameFormatException)
                {
                    // The only permitted failure.
                }
            }
        }
    }

    [Fact]
    public void Fields_of_a_newer_writer_are_skipped()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(4);
        writer.WriteInt64(1);
        writer.WriteString("trip");
        writer.WriteInt64(2);
        writer.WriteInt64(5);
        writer.WriteInt64(8);
        writer.WriteArrayHeader(1);
        writer.WriteString("new");
        writer.WriteInt64(9);
        writer.WriteNil();

        var decoded = (SnapshotCreatedRecord)Decode(FrameKind.SnapshotCreated, buffer.WrittenSpan);

        Assert.Equal(new SnapshotCreatedRecord(SnapshotName.Parse("trip"), new VersionNumber(5)), decoded);
    }

    [Fact]
    public void A_slice_does_not_pass_for_another_one()
    {
        var address = new SliceAddress(new BlockId(new MemoryUid(1), 4), 2, SlicePart.Read);
        ReadOnlyMemory<byte> payload = BlockSliceCodec.Encode(new TestModel().Slice(address, BlockKind.MemoryRows, 4, seed: 1));

        Assert.Equal(address, BlockSliceCodec.Decode(address, payload).Address);
        Assert.Throws<FrameFormatException>(() => BlockSliceCodec.Decode(address with { Layer = 3 }, payload));
        Assert.Throws<FrameFormatException>(() => BlockSliceCodec.Decode(address with { Part = SlicePart.Hidden }, payload));
        Assert.Throws<FrameFormatException>(() => BlockSliceCodec.Decode(address with { Block = new BlockId(new MemoryUid(1), 5) }, payload));
    }

    private static MemoryState Memory() => new(
        new MemoryUid(UInt128.MaxValue),
        OpenStore.Key("bob"),
        new HybridTimestamp(5),
        Fingerprint,
        null,
        [
            new VersionState(Version with { CommittedAt = new HybridTimestamp(6), OperationId = "op" }, ContentKind.Deltas, null, Location, 3),
            new VersionState(Version with { Parent = null }, ContentKind.SameAs, VersionNumber.First, null, 0),
        ],
        [Gap],
        [new Snapshot(SnapshotName.Parse("s"), VersionNumber.First, new HybridTimestamp(9))],
        Blocks);

    private static ShardRecord Decode(FrameKind kind, ReadOnlySpan<byte> payload) => RecordCodec.Decode(new FrameHeader { Kind = kind }, payload);
}
