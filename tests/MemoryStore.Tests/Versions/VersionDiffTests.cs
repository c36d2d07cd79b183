using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Diff;

namespace LatentDb.MemoryStore.Tests.Versions;

/// <summary>The diff over runs must equal the diff over plain sets of rows, for every pair of versions of any history.</summary>
public sealed class VersionDiffTests
{
    [Fact]
    public void Any_two_versions_of_a_random_history_differ_as_their_row_sets_do()
    {
        Gen<int[]> histories = Gen.Choose(0, int.MaxValue).ArrayOf().Resize(24);
        Prop.ForAll(histories.ToArbitrary(), seeds =>
        {
            DiffHistory history = DiffHistory.Of(seeds);
            for (int from = 0; from < history.Versions.Count; from++)
            {
                for (int to = 0; to < history.Versions.Count; to++) history.AssertSame(from, to);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(2402, 4625));
    }

    [Fact]
    public void A_version_differs_from_itself_in_nothing()
    {
        DiffHistory history = DiffHistory.Of([4, 8, 15]);

        VersionDiff diff = history.Diff(2, 2);

        Assert.Empty(diff.Between);
        Assert.Empty(diff.BlocksAdded);
        Assert.Empty(diff.BlocksRemoved);
        Assert.All(diff.Layers, layer => Assert.Equal(layer.Pool.Before, layer.Pool.Retained));
        Assert.All(diff.Layers, layer => Assert.Equal(0, layer.Pool.Added + layer.Pool.Revived + layer.Pool.Dropped));
    }

    [Fact]
    public void The_way_there_and_the_way_back_mirror_each_other()
    {
        DiffHistory history = DiffHistory.Of([3, 6, 9, 12, 15]);

        VersionDiff there = history.Diff(1, 5);
        VersionDiff back = history.Diff(5, 1);

        Assert.Equal(there.BlocksAdded.AsEnumerable(), back.BlocksRemoved.AsEnumerable());
        Assert.Equal(there.Between.AsEnumerable(), back.Between.AsEnumerable());
        Assert.Equal(there.Layers.Select(l => l.Pool.Retained), back.Layers.Select(l => l.Pool.Retained));
        Assert.Equal(there.Layers.Select(l => l.Bank.Entered), back.Layers.Select(l => l.Bank.Evicted));
        Assert.All(back.Layers, layer => Assert.Equal(0, layer.Pool.Added));
    }

    [Fact]
    public void Rows_that_a_rollback_brings_back_are_revived_and_not_added()
    {
        DiffHistory history = DiffHistory.Of([2, 2, 2]);
        history.RollBack(to: 1);

        VersionDiff diff = history.Diff(3, 4);

        Assert.All(diff.Layers, layer => Assert.Equal(0, layer.Pool.Added));
        Assert.All(diff.Layers, layer => Assert.True(layer.Pool.Revived > 0, $"layer {layer.Layer}"));
        Assert.Equal(VersionCause.Rollback, Assert.Single(diff.Between).Cause);
    }

    [Fact]
    public void Versions_of_two_models_cannot_be_compared()
    {
        DiffHistory history = DiffHistory.Of([1]);
        VersionedManifest other = history.Versions[1] with { Version = history.Versions[1].Version with { Fingerprint = ModelFingerprint.Parse(new string('b', 64)) } };

        Assert.Throws<ArgumentException>(() => VersionDiff.Compare(history.Versions[0], other, []));
    }

    [Fact]
    public void Versions_in_between_must_ascend()
    {
        DiffHistory history = DiffHistory.Of([1, 2]);
        ImmutableArray<MemoryVersion> wrong = [history.Versions[2].Version, history.Versions[1].Version];

        Assert.Throws<ArgumentException>(() => VersionDiff.Compare(history.Versions[0], history.Versions[2], wrong));
    }
}

/// <summary>A history of writes and rollbacks over manifests, and the same questions answered row by row.</summary>
internal sealed class DiffHistory
{
    private const int Layers = 2;
    private const int BlockRows = 4;
    private const int PoolRows = 12;

    private readonly Dictionary<BlockId, long> _writtenBy = [];
    private long _blocks;

    private DiffHistory()
    {
        var rows = new LayerRows([new RowRun(0, 0, PoolRows)], [], 0);
        var manifest = new Manifest([new ManifestBlock(new BlockId(new MemoryUid(1), 1), 0, PoolRows)], [rows, rows], 0);
        _writtenBy.Add(manifest.Blocks[0].Id, 1);
        Versions.Add(new VersionedManifest(Version(1, VersionCause.Create, null, 0), manifest));
    }

    public List<VersionedManifest> Versions { get; } = [];

    public static DiffHistory Of(int[] seeds)
    {
        var history = new DiffHistory();
        foreach (int seed in seeds)
        {
            var random = new Random(seed);
            if (seed % 5 == 0) history.RollBack(random.Next(history.Versions.Count));
            else history.Write(random, chunks: 1 + seed % 3);
        }

        return history;
    }

    public void RollBack(int to)
    {
        VersionedManifest target = Versions[to];
        MemoryVersion version = Version(Versions.Count + 1, VersionCause.Rollback, target.Version.RestoredFrom ?? target.Version.Number, target.Manifest.Writes);
        Versions.Add(new VersionedManifest(version, target.Manifest));
    }

    public VersionDiff Diff(int from, int to)
    {
        (int older, int newer) = (Math.Min(from, to), Math.Max(from, to));
        return VersionDiff.Compare(Versions[from], Versions[to], [.. Versions.Skip(older + 1).Take(newer - older).Select(v => v.Version)]);
    }

    public void AssertSame(int from, int to)
    {
        VersionDiff diff = Diff(from, to);
        for (int layer = 0; layer < Layers; layer++)
        {
            HashSet<(BlockId Block, int Row)> poolBefore = Pool(from, layer), poolAfter = Pool(to, layer);
            HashSet<(BlockId Block, int Row)> bankBefore = Bank(from, layer), bankAfter = Bank(to, layer);
            var arrived = poolAfter.Except(poolBefore).ToList();
            var dropped = poolBefore.Except(poolAfter).ToList();
            int added = arrived.Count(r => _writtenBy[r.Block] > from + 1);
            int toBank = dropped.Count(bankAfter.Contains);
            var pool = new PoolDiff(
                poolBefore.Count, poolAfter.Count, poolBefore.Intersect(poolAfter).Count(), added, arrived.Count - added, toBank, dropped.Count - toBank);
            var bank = new BankDiff(
                bankBefore.Count, bankAfter.Count, bankBefore.Intersect(bankAfter).Count(), bankAfter.Except(bankBefore).Count(), bankBefore.Except(bankAfter).Count());
            Assert.Equal(new LayerDiff(layer, pool, bank), diff.Layers[layer]);
        }

        Assert.Equal(Blocks(to).Except(Blocks(from)).OrderBy(b => b.ToString(), StringComparer.Ordinal), diff.BlocksAdded.OrderBy(b => b.ToString(), StringComparer.Ordinal));
        Assert.Equal(Blocks(from).Except(Blocks(to)).OrderBy(b => b.ToString(), StringComparer.Ordinal), diff.BlocksRemoved.OrderBy(b => b.ToString(), StringComparer.Ordinal));
    }

    private void Write(Random random, int chunks)
    {
        Manifest manifest = Versions[^1].Manifest;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            var block = new BlockId(new MemoryUid(7), ++_blocks);
            _writtenBy.Add(block, Versions.Count + 1);
            manifest = new ManifestDelta(block, BlockRows, [.. manifest.Layers.Select(layer => Change(random, layer))]).Apply(manifest);
        }

        Versions.Add(new VersionedManifest(Version(Versions.Count + 1, VersionCause.Inject, null, manifest.Writes), manifest));
    }

    private static LayerDelta Change(Random random, LayerRows rows)
    {
        ImmutableArray<int> removed = [.. Enumerable.Range(0, rows.PoolRows).OrderBy(_ => random.Next()).Take(BlockRows).Order()];
        bool toBank = random.Next(4) != 0;
        int bank = rows.BankRows + (toBank ? removed.Length : 0);
        bool merges = random.Next(3) == 0;
        ImmutableArray<RowRange> evicted = merges && bank > 2 ? [new RowRange(random.Next(2), random.Next(1, bank - 1))] : [];
        // Rows may stand in a pool twice: this is how an empty pool is filled.
        ImmutableArray<RowRange> appended = random.Next(5) == 0 ? [new RowRange(0, BlockRows), new RowRange(1, 2)] : [new RowRange(0, BlockRows)];
        return new LayerDelta(removed, toBank, merges ? 1 : null, 0, evicted, appended);
    }

    private HashSet<(BlockId Block, int Row)> Pool(int version, int layer)
    {
        Manifest manifest = Versions[version].Manifest;
        return [.. manifest.Layers[layer].Pool.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (manifest.Blocks[r.Block].Id, row)))];
    }

    private HashSet<(BlockId Block, int Row)> Bank(int version, int layer)
    {
        Manifest manifest = Versions[version].Manifest;
        return [.. manifest.Layers[layer].Bank.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (manifest.Blocks[r.Block].Id, row)))];
    }

    private IEnumerable<BlockId> Blocks(int version) =>
        Enumerable.Range(0, Layers).SelectMany(layer => Pool(version, layer).Concat(Bank(version, layer))).Select(r => r.Block).Distinct();

    private static MemoryVersion Version(int number, VersionCause cause, VersionNumber? restoredFrom, long writes) => new(
        new VersionNumber(number),
        number == 1 ? null : new VersionNumber(number - 1),
        cause,
        restoredFrom,
        default,
        ModelFingerprint.Parse(new string('a', 64)),
        0,
        0,
        1,
        writes,
        0,
        null);
}
