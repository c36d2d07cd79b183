using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Transfer.Content;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>Records that can be read and contradict the others of a history: each by its place and its payload.</summary>
internal sealed class ArchiveContradictions
{
    private readonly ArchivedHistory _history;

    private ArchiveContradictions(ArchivedHistory history) => _history = history;

    public static Dictionary<string, (int Index, byte[] Payload)> Of(ArchivedHistory history)
    {
        var all = new ArchiveContradictions(history);
        return all.Memories().Concat(all.Versions()).Concat(all.Contents()).Concat(all.Blocks()).ToDictionary(StringComparer.Ordinal);
    }

    private Dictionary<string, (int Index, byte[] Payload)> Memories() => new(StringComparer.Ordinal)
    {
        ["more versions than said"] = Memory(_history.Memory with { Versions = 5 }),
        ["fewer versions than said"] = Memory(_history.Memory with { Versions = 7 }),
        ["another head"] = Memory(_history.Memory with { Head = new VersionNumber(7) }),
        ["one version that is six"] = Memory(_history.Memory with { Extent = ArchiveExtent.OneVersion }),
        ["no layers"] = Memory(_history.Memory with { Layers = 0 }),
        ["other layers"] = Memory(_history.Memory with { Layers = 3 }),
        ["another model"] = Memory(_history.Memory with { Fingerprint = ModelFingerprint.Parse(new string('b', 64)) }),
        ["created after its first version"] = Memory(_history.Memory with { CreatedAt = new HybridTimestamp(_history.Memory.CreatedAt.UtcTicks + 1) }),
        ["metadata too large"] = Memory(_history.Memory with { Metadata = new string('x', 20_000) }),
    };

    private Dictionary<string, (int Index, byte[] Payload)> Versions()
    {
        MemoryVersion v2 = _history.Version(2, VersionCause.Inject, 1);
        return new(StringComparer.Ordinal)
        {
            ["a number left out"] = Second(v2 with { Number = new VersionNumber(3) }),
            ["another parent"] = Second(v2 with { Parent = null }),
            ["time runs back"] = Second(v2 with { CommittedAt = _history.Memory.CreatedAt }),
            ["a time to come"] = Second(v2 with { CommittedAt = new HybridTimestamp(ArchivedHistory.Bounds.Latest.UtcTicks + 1) }),
            ["another writes"] = Second(v2 with { Writes = 2 }),
            ["negative tokens"] = Second(v2 with { Tokens = -1 }),
            ["an operation id too long"] = Second(v2 with { OperationId = new string('x', StoreLimits.MaxOperationIdLength + 1) }),
            ["an empty operation id"] = Second(v2 with { OperationId = string.Empty }),
            ["an author too long"] = Second(v2 with { Author = new string('x', 65) }),
            ["version metadata too large"] = Second(v2 with { Metadata = new string('x', 20_000) }),
            ["restored from the future"] = Second(v2 with { RestoredFrom = new VersionNumber(2) }),
            ["a version of another model"] = Second(v2 with { Fingerprint = ModelFingerprint.Parse(new string('b', 64)) }),
        };
    }

    private Dictionary<string, (int Index, byte[] Payload)> Contents()
    {
        MemoryVersion v2 = _history.Version(2, VersionCause.Inject, 1);
        LayerDelta layer = _history.Delta(2).Layers[0];
        return new(StringComparer.Ordinal)
        {
            ["a block that is not there"] = Second(v2, _history.Delta(2) with { Block = ArchivedHistory.Block(77) }),
            ["a block with other rows"] = Second(v2, _history.Delta(2) with { BlockRows = 5 }),
            ["rows beyond the block"] = Second(v2, Changed(layer with { Appended = [new RowRange(1, 4)] })),
            ["ranks beyond the pool"] = Second(v2, Changed(layer with { RemovedRanks = [99] })),
            ["evicted beyond the bank"] = Second(v2, Changed(layer with { EvictedBankRows = [new RowRange(0, 99)] })),
            ["rows without end"] = Second(v2, Changed(layer with { Appended = [new RowRange(0, int.MaxValue), new RowRange(0, int.MaxValue)] })),
            ["fewer layers in a delta"] = Second(v2, _history.Delta(2) with { Layers = [layer] }),
            ["no content"] = (_history.IndexOf(ArchiveRecordKind.Version, 1), ArchivedVersionCodec.Encode(new ArchivedVersion(v2, [], null, null, null)).ToArray()),
            ["a repetition of what is not there"] = Fourth(5, 1),
            ["a repetition of another writes"] = Fourth(2, 2),
        };
    }

    private Dictionary<string, (int Index, byte[] Payload)> Blocks()
    {
        BlockSlice first = _history.Slice(2, 0, SlicePart.Read);
        return new(StringComparer.Ordinal)
        {
            ["a slice of another layer"] = Slice(first with { Address = first.Address with { Layer = 5 } }),
            ["a slice of another block"] = Slice(first with { Address = first.Address with { Block = ArchivedHistory.Block(3) } }),
            ["a slice of the genesis kind"] = Slice(first with { Kind = BlockKind.Genesis }),
            ["a slice with other rows"] = Slice(_history.Slice(2, 0, SlicePart.Read, rows: 5)),
            ["a slice of another width"] = Slice(first with { Tensors = [new SliceTensor(SliceColumn.Key, ElementType.BF16, 4, 4, new byte[32])] }),
            ["a slice of another type"] = Slice(first with { Tensors = [new SliceTensor(SliceColumn.Key, ElementType.F32, 4, 8, new byte[128])] }),
            ["a slice without columns"] = Slice(first with { Tensors = [] }),
            ["a block of the genesis"] = Block(new BlockId(ArchivedHistory.GenesisOwner, 1), 4),
            ["a block with too few slices"] = Block(ArchivedHistory.Block(2), 2),
            ["a block with too many slices"] = Block(ArchivedHistory.Block(2), 6),
            ["a snapshot of what is not there"] = Snapshot(9, ArchivedHistory.Bounds.Now.UtcTicks),
            ["a snapshot to come"] = Snapshot(2, ArchivedHistory.Bounds.Latest.UtcTicks + 1),
        };
    }

    private (int Index, byte[] Payload) Memory(ArchivedMemory memory) => (0, ArchiveCodec.Encode(memory).ToArray());

    private (int Index, byte[] Payload) Second(MemoryVersion version, ManifestDelta? delta = null) => (
        _history.IndexOf(ArchiveRecordKind.Version, 1),
        ArchivedVersionCodec.Encode(new ArchivedVersion(version, [delta ?? _history.Delta(2)], null, null, null)).ToArray());

    private (int Index, byte[] Payload) Fourth(long sameAs, long writes) => (
        _history.IndexOf(ArchiveRecordKind.Version, 3),
        ArchivedVersionCodec.Encode(new ArchivedVersion(_history.Version(4, VersionCause.Rollback, writes), [], null, new VersionNumber(sameAs), null)).ToArray());

    private (int Index, byte[] Payload) Slice(BlockSlice slice) => (_history.IndexOf(ArchiveRecordKind.Slice), BlockSliceCodec.Encode(slice).ToArray());

    private (int Index, byte[] Payload) Snapshot(long version, long ticks) => (
        _history.IndexOf(ArchiveRecordKind.Snapshot),
        ArchiveCodec.Encode(new Snapshot(SnapshotName.Parse("x"), new VersionNumber(version), new HybridTimestamp(ticks))).ToArray());

    private (int Index, byte[] Payload) Block(BlockId id, int slices) => (
        _history.IndexOf(ArchiveRecordKind.Block), ArchiveCodec.Encode(new ArchivedBlock(id, slices)).ToArray());

    private ManifestDelta Changed(LayerDelta to) => _history.Delta(2) with { Layers = [to, to] };
}
