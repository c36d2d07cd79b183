using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Transfer.Content;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>Records of an archive made by hand, without a store: four writes, a rollback, an image after it, snapshots.</summary>
internal sealed class ArchivedHistory
{
    public const int Layers = 2;
    private const int BlockRows = 4;
    private const long Begin = 639_000_000_000_000_000;

    private readonly TestModel _model = new(Layers, BlockRows);

    public ArchivedHistory()
    {
        ImmutableArray<LayerRows> rows = [.. Enumerable.Range(0, Layers).Select(_ => new LayerRows([new RowRun(0, 0, TestModel.PoolRows)], [], 0))];
        Genesis = new Manifest([new ManifestBlock(new BlockId(GenesisOwner, 1), 0, TestModel.PoolRows)], rows, 0);
        Memory = new ArchivedMemory(
            OpenStore.Key("alice"), new HybridTimestamp(Begin), _model.Fingerprint, "{\"a\":1}", Layers, ArchiveExtent.AllVersions, new VersionNumber(6), 6);
        Model = new ImportModel(Genesis, GenesisOwner, new Dictionary<SlicePart, SliceShape> { [SlicePart.Read] = SliceShape.Of(Slice(1, 0, SlicePart.Read)) });
        Manifest second = Inject(2, Genesis);
        Manifest third = Inject(3, second);
        Add(Version(4, VersionCause.Rollback, 1) with { RestoredFrom = new VersionNumber(2) }, sameAs: 2);
        ManifestDelta after = _model.Delta(Block(5), 5);
        AddBlock(5);
        Manifest fifth = after.Apply(second);
        Add(Version(5, VersionCause.Inject, 2), image: fifth);
        Inject(6, fifth);
        Records.Add((ArchiveRecordKind.Snapshot, ArchiveCodec.Encode(new Snapshot(SnapshotName.Parse("before"), new VersionNumber(3), new HybridTimestamp(Begin + 4000))).ToArray()));
        Third = third;
        Records.Insert(0, (ArchiveRecordKind.Memory, ArchiveCodec.Encode(Memory).ToArray()));
    }

    public static MemoryUid GenesisOwner { get; } = new(99);

    public static MemoryUid SourceOwner { get; } = new(7);

    public ArchivedMemory Memory { get; }

    public ImportModel Model { get; }

    public Manifest Genesis { get; }

    public Manifest Third { get; }

    public List<(ArchiveRecordKind Kind, byte[] Payload)> Records { get; } = [];

    public static ImportBounds Bounds { get; } = new(new HybridTimestamp(Begin + 1_000_000), new HybridTimestamp(Begin + 1_000_000), 64);

    public static BlockId Block(int sequence) => new(SourceOwner, sequence);

    public BlockSlice Slice(int block, int layer, SlicePart part, int rows = BlockRows) =>
        _model.Slice(new SliceAddress(Block(block), layer, part), BlockKind.MemoryRows, rows, block + (10 * layer));

    public MemoryVersion Version(int number, VersionCause cause, long writes) => new(
        new VersionNumber(number), number == 1 ? null : new VersionNumber(number - 1), cause, null, new HybridTimestamp(Begin + (1000 * (number - 1))),
        _model.Fingerprint, (ulong)number, 16, 1, writes, 100, $"op-{number}")
    {
        Author = "key-1",
        Metadata = number == 3 ? "{}" : null,
    };

    public ManifestDelta Delta(int block) => _model.Delta(Block(block), block);

    /// <summary>The records with the one at <paramref name="index"/> replaced, or left out.</summary>
    public List<(ArchiveRecordKind Kind, byte[] Payload)> With(int index, byte[]? payload)
    {
        var changed = new List<(ArchiveRecordKind Kind, byte[] Payload)>(Records);
        if (payload is null) changed.RemoveAt(index);
        else changed[index] = (changed[index].Kind, payload);
        return changed;
    }

    public int IndexOf(ArchiveRecordKind kind, int nth = 0) => Records.Select((r, i) => (r, i)).Where(x => x.r.Kind == kind).ElementAt(nth).i;

    /// <summary>Reads records as an import does, into a target without a store.</summary>
    public async Task<RecordingTarget> ReadAsync(IEnumerable<(ArchiveRecordKind Kind, byte[] Payload)> records, ImportBounds? bounds = null)
    {
        using ArchiveReader reader = await ArchiveReader.BeginAsync(new MemoryStream(await ArchiveBytes.WriteAsync(records)), CancellationToken.None);
        var target = new RecordingTarget();
        var contents = new ArchiveContents(reader, await ArchiveContents.ReadMemoryAsync(reader, CancellationToken.None), Model, bounds ?? Bounds, target);
        await contents.ReadAllAsync(null, CancellationToken.None);
        target.Snapshots = contents.Versions.Snapshots;
        target.Gaps = contents.Versions.Gaps;
        return target;
    }

    private Manifest Inject(int number, Manifest before)
    {
        if (number == 2) Add(Version(1, VersionCause.Create, 0));
        AddBlock(number);
        ManifestDelta delta = Delta(number);
        Manifest after = delta.Apply(before);
        Add(Version(number, VersionCause.Inject, after.Writes), [delta], text: $"text {number}");
        return after;
    }

    private void AddBlock(int block)
    {
        Records.Add((ArchiveRecordKind.Block, ArchiveCodec.Encode(new ArchivedBlock(Block(block), Layers * 2)).ToArray()));
        for (int layer = 0; layer < Layers; layer++)
        {
            Records.Add((ArchiveRecordKind.Slice, BlockSliceCodec.Encode(Slice(block, layer, SlicePart.Read)).ToArray()));
            Records.Add((ArchiveRecordKind.Slice, BlockSliceCodec.Encode(Slice(block, layer, SlicePart.Hidden)).ToArray()));
        }
    }

    private void Add(MemoryVersion version, ImmutableArray<ManifestDelta>? deltas = null, Manifest? image = null, int? sameAs = null, string? text = null)
    {
        var record = new ArchivedVersion(version, deltas ?? [], image, sameAs is int same ? new VersionNumber(same) : null, text);
        Records.Add((ArchiveRecordKind.Version, ArchivedVersionCodec.Encode(record).ToArray()));
    }
}

/// <summary>Keeps what an import would have stored.</summary>
internal sealed class RecordingTarget : IImportTarget
{
    public static MemoryUid Owner { get; } = new(1234);

    private long _blocks;

    public List<BlockSlice> Slices { get; } = [];

    public List<CheckedVersion> Versions { get; } = [];

    public ImmutableArray<Snapshot> Snapshots { get; set; }

    public ImmutableArray<VersionGap> Gaps { get; set; }

    public BlockId NextBlock() => new(Owner, ++_blocks);

    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        Slices.Add(slice with { Tensors = [.. slice.Tensors.Select(t => new SliceTensor(t.Column, t.Type, t.Rows, t.Width, t.Bytes.ToArray()))] });
        return ValueTask.CompletedTask;
    }

    public ValueTask StageAsync(CheckedVersion version, CancellationToken cancellationToken)
    {
        Versions.Add(version);
        return ValueTask.CompletedTask;
    }
}
