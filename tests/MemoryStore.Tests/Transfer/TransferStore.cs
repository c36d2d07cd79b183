using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>A store with what exports and imports need, and the memories that tests move between two of them.</summary>
internal sealed class TransferStore : IAsyncDisposable
{
    public TransferStore(OpenStore store)
    {
        Store = store;
        Exporter = new MemoryExporter(() => store.Shards);
        Importer = new MemoryImporter(() => store.Shards, store.Catalog);
    }

    public OpenStore Store { get; }

    public MemoryCatalog Catalog => Store.Catalog;

    public MemoryExporter Exporter { get; }

    public MemoryImporter Importer { get; }

    public static TestModel Model { get; } = new();

    public static async Task<TransferStore> AtAsync(string folder, int shards = 1, ShardSettings? settings = null) =>
        new(await OpenStore.AtAsync(folder, settings, shards));

    /// <summary>A store whose shard of <paramref name="key"/> knows the model.</summary>
    public static async Task<TransferStore> WithModelAsync(string folder, MemoryKey key, int shards = 1)
    {
        TransferStore store = await AtAsync(folder, shards);
        await store.Catalog.EnsureGenesisAsync(key, Model.Fingerprint, Model.WriteGenesisAsync, CancellationToken.None);
        return store;
    }

    /// <summary>A memory with injects, texts, metadata, authors, rollbacks, repeated rollbacks, and snapshots.</summary>
    public async Task<MemoryTimeline> CreateAsync(MemoryKey key, int seed, int steps = 24)
    {
        MemoryTimeline timeline = await Model.CreateAsync(Catalog, key, $$"""{"seed":{{seed}}}""");
        var random = new Random(seed);
        for (int step = 1; step <= steps; step++)
        {
            if (step % 5 == 0) await RollBackAsync(timeline, new VersionNumber(1 + random.Next((int)timeline.Summary.Head.Number.Value)), $"back-{step}");
            else await InjectAsync(timeline, seed + step, $"op-{step}");
            if (step % 7 == 0) await timeline.CreateSnapshotAsync(SnapshotName.Parse($"s{step}"), VersionSelector.Head, CancellationToken.None);
        }

        return timeline;
    }

    public static async Task<MemoryVersion> InjectAsync(MemoryTimeline timeline, int seed, string? operationId = null)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        var deltas = ImmutableArray.CreateBuilder<ManifestDelta>();
        for (int chunk = 0; chunk < 1 + (seed % 3); chunk++) deltas.Add(await Model.StageAsync(transaction, (seed * 10) + chunk));
        var draft = new VersionDraft(deltas.ToImmutable(), Model.Fingerprint, (ulong)seed, Tokens: 16, operationId)
        {
            Author = seed % 2 == 0 ? "key-7" : null,
            Metadata = seed % 3 == 0 ? """{"n":1}""" : null,
            Text = seed % 4 == 0 ? null : $"Text {seed}: Maria lives in Kiel.",
        };
        return await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }

    public static Task<MemoryVersion> RollBackAsync(MemoryTimeline timeline, VersionNumber to, string? operationId = null) => timeline.RollBackAsync(
        new VersionSelector.NumberSelector(to), timeline.Summary.Head.Number, new WriteOrigin(operationId, "key-9"), CancellationToken.None);

    public async Task<byte[]> ExportAsync(MemoryKey key, ExportOptions? options = null)
    {
        using var stream = new MemoryStream();
        await Exporter.ExportAsync(key, options ?? new ExportOptions(), stream, null, CancellationToken.None);
        return stream.ToArray();
    }

    public Task<MemorySummary> ImportAsync(byte[] archive, MemoryKey key, ImportOptions? options = null) =>
        Importer.ImportAsync(new DribblingStream(archive, 5000), key, options ?? new ImportOptions(), null, CancellationToken.None);

    /// <summary>Everything of a memory that does not depend on its name and on its blocks' names; blocks are named after what they hold.</summary>
    public async Task<List<string>> ReadEverythingAsync(MemoryKey key)
    {
        MemoryTimeline timeline = await Catalog.OpenAsync(key, CancellationToken.None);
        var hashes = new Dictionary<BlockId, UInt128>();
        var content = new List<string> { $"{timeline.Summary.CreatedAt} {timeline.Summary.Metadata}" };
        foreach (MemoryVersion version in timeline.ListVersions(int.MaxValue, null).Reverse())
        {
            VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(version.Number), CancellationToken.None);
            content.Add($"{version} {await timeline.ReadTextAsync(version.Number, CancellationToken.None)} {await NamedByContentAsync(read.Manifest, hashes)}");
        }

        content.AddRange(timeline.ListSnapshots().Select(s => s.ToString()));
        return content;
    }

    /// <summary>One hash of everything of a memory.</summary>
    public async Task<string> HashAsync(MemoryKey key) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', await ReadEverythingAsync(key)))));

    public async Task<string> NamedByContentAsync(Manifest manifest, Dictionary<BlockId, UInt128> hashes)
    {
        var blocks = ImmutableArray.CreateBuilder<ManifestBlock>();
        bool[] used = manifest.UsedBlocks();
        foreach ((int index, ManifestBlock block) in manifest.Blocks.Index())
        {
            // What no row needs may be gone, and is the same whatever it held.
            if (!used[index])
            {
                blocks.Add(block with { Id = default });
                continue;
            }

            if (!hashes.TryGetValue(block.Id, out UInt128 hash)) hashes.Add(block.Id, hash = await HashAsync(block.Id, block.WrittenAt == 0, manifest.Layers.Length));
            blocks.Add(block with { Id = new BlockId(new MemoryUid(hash), 0) });
        }

        return TestModel.Fingerprinted(manifest with { Blocks = blocks.ToImmutable() });
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    private async Task<UInt128> HashAsync(BlockId block, bool isGenesis, int layers)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int layer = 0; layer < layers; layer++)
        {
            foreach (SlicePart part in isGenesis ? new[] { SlicePart.Read } : [SlicePart.Read, SlicePart.Hidden])
            {
                BlockSlice slice = await Catalog.Blocks.ReadAsync(new SliceAddress(block, layer, part), CancellationToken.None);
                foreach (SliceTensor tensor in slice.Tensors)
                {
                    hash.AppendData(Encoding.UTF8.GetBytes($"{layer} {part} {slice.Kind} {tensor.Column} {tensor.Type} {tensor.Rows} {tensor.Width}"));
                    hash.AppendData(tensor.Bytes.Span);
                }
            }
        }

        return BitConverter.ToUInt128(hash.GetHashAndReset());
    }
}
