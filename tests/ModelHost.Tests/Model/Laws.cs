using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Pool;
using LatentDb.ModelHost.Model.Retrieval;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>What the tests of the drop law share: manifests without tensors, rows spelled out one by one.</summary>
internal static class Laws
{
    private static readonly MemoryUid Owner = new(1);

    /// <summary>Checks a property on seeded cases; FsCheck prints the smallest counterexample and the seed that replays it.</summary>
    public static void ForAll<T>(Gen<T> generator, Action<T> assert) =>
        Prop.ForAll(generator.ToArbitrary(), assert).Check(Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(2402, 4625));

    public static PoolRules MemoryLlm(int layers, int rowsPerWrite, int blocks, bool perLayer = true) =>
        new(layers, rowsPerWrite * blocks, 0, KeepsBank: false, perLayer, 1, 0, 0, TruncatingBlocks: null);

    public static PoolRules MPlus(int layers, int poolRows, int retrievedRows, int mergeEvery, float life, float decay) =>
        new(layers, poolRows, retrievedRows, KeepsBank: true, DropsPerLayer: true, mergeEvery, life, decay, TruncatingBlocks: null);

    /// <summary>A full pool of genesis rows, an empty bank.</summary>
    public static Manifest Genesis(PoolRules rules) => new(
        [new ManifestBlock(new BlockId(Owner, 0), 0, rules.PoolRows)],
        [.. Enumerable.Range(0, rules.Layers).Select(_ => new LayerRows([new RowRun(0, 0, rules.PoolRows)], [], 0))],
        0);

    public static ManifestDelta Next(Manifest manifest, int rows, PoolRules rules, ulong seed) =>
        PoolUpdate.Next(manifest, new BlockId(Owner, manifest.Writes + 1), rows, rules, new SeededDropSource(seed, 0, rules.DropsPerLayer));

    public static Manifest Write(Manifest manifest, int rows, PoolRules rules, ulong seed) => Next(manifest, rows, rules, seed).Apply(manifest);

    /// <summary>(write, row) of every pool row by rank; write 0 = genesis.</summary>
    public static List<(long Write, int Row)> PoolRows(Manifest manifest, int layer) =>
        [.. manifest.Layers[layer].Pool.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (manifest.Blocks[r.Block].WrittenAt, row)))];

    /// <summary>(write, row) of every bank row in bank order.</summary>
    public static List<(long Write, int Row)> BankRows(Manifest manifest, int layer) =>
        [.. manifest.Layers[layer].Bank.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (manifest.Blocks[r.Block].WrittenAt, row)))];
}

/// <summary>Drops the oldest rows: keeps runs whole, where only counts matter.</summary>
internal sealed class OldestDrops : DropSource
{
    public override ImmutableArray<int> Draw(int layer, int poolRows, int count) => [.. Enumerable.Range(0, count)];
}

/// <summary>A version without tensors: enough for ages.</summary>
internal sealed class ManifestOnly(Manifest manifest, long genesisAge = 0) : IMemoryRows
{
    public Manifest Manifest => manifest;

    public long GenesisAge(int layer, int row) => genesisAge + row;

    public void ReadPool(int layer, MatrixView keys, MatrixView values) => throw new NotSupportedException();

    public void ReadNewest(int layer, MatrixView hidden) => throw new NotSupportedException();

    public ElementType RowType => ElementType.F32;

    public bool IsReady(int layer) => true;

    public ValueTask WhenReadyAsync(int layer, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void PoolSegments(int layer, int firstPosition, List<KeySegment> target) => throw new NotSupportedException();

    public BankIndex Bank(int layer) => new(manifest.Layers[layer], manifest.Blocks.Length);

    public MatrixView BlockKeys(int layer, int run) => throw new NotSupportedException();

    public ValueTask FetchBankAsync(int layer, ReadOnlyMemory<int> positions, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void CopyBank(int layer, ReadOnlySpan<int> positions, MatrixView keys, MatrixView values) => throw new NotSupportedException();
}
