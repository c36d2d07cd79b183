using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions.Diff;

/// <summary>One comparison: both manifests' blocks get common ordinals, then each layer is set algebra over runs.</summary>
internal sealed class ManifestComparison
{
    private readonly VersionedManifest _from;
    private readonly VersionedManifest _to;
    private readonly ImmutableArray<MemoryVersion> _between;
    private readonly List<ManifestBlock> _blocks = [];
    private readonly int[] _fromOrdinals;
    private readonly int[] _toOrdinals;

    public ManifestComparison(VersionedManifest from, VersionedManifest to, ImmutableArray<MemoryVersion> between)
    {
        _from = from;
        _to = to;
        _between = between;
        var known = new Dictionary<BlockId, int>();
        _fromOrdinals = Number(from.Manifest, known);
        _toOrdinals = Number(to.Manifest, known);
    }

    public VersionDiff Run()
    {
        bool[] inFrom = new bool[_blocks.Count];
        bool[] inTo = new bool[_blocks.Count];
        bool[] isNew = NewBlocks();
        var layers = ImmutableArray.CreateBuilder<LayerDiff>(_from.Manifest.Layers.Length);
        for (int layer = 0; layer < layers.Capacity; layer++)
        {
            LayerRows before = _from.Manifest.Layers[layer];
            LayerRows after = _to.Manifest.Layers[layer];
            RowSet poolBefore = RowSet.Of(before.Pool, _fromOrdinals);
            RowSet bankBefore = RowSet.Of(before.Bank, _fromOrdinals);
            RowSet poolAfter = RowSet.Of(after.Pool, _toOrdinals);
            RowSet bankAfter = RowSet.Of(after.Bank, _toOrdinals);
            poolBefore.MarkBlocks(inFrom);
            bankBefore.MarkBlocks(inFrom);
            poolAfter.MarkBlocks(inTo);
            bankAfter.MarkBlocks(inTo);
            layers.Add(new LayerDiff(layer, ComparePools(poolBefore, poolAfter, bankAfter, isNew), CompareBanks(bankBefore, bankAfter)));
        }

        return new VersionDiff(_from.Version, _to.Version, _between, BlocksIn(inTo, inFrom), BlocksIn(inFrom, inTo), layers.MoveToImmutable());
    }

    private static PoolDiff ComparePools(RowSet before, RowSet after, RowSet bankAfter, bool[] isNew)
    {
        RowSet arrived = after.Except(before);
        RowSet dropped = before.Except(after);
        int added = arrived.CountIn(isNew);
        int toBank = dropped.Intersect(bankAfter).Count;
        return new PoolDiff(
            before.Count, after.Count, before.Intersect(after).Count, added, arrived.Count - added, toBank, dropped.Count - toBank);
    }

    private static BankDiff CompareBanks(RowSet before, RowSet after) =>
        new(before.Count, after.Count, before.Intersect(after).Count, after.Except(before).Count, before.Except(after).Count);

    private int[] Number(Manifest manifest, Dictionary<BlockId, int> known)
    {
        int[] ordinals = new int[manifest.Blocks.Length];
        for (int i = 0; i < ordinals.Length; i++)
        {
            if (!known.TryGetValue(manifest.Blocks[i].Id, out ordinals[i]))
            {
                ordinals[i] = _blocks.Count;
                known.Add(manifest.Blocks[i].Id, ordinals[i]);
                _blocks.Add(manifest.Blocks[i]);
            }
        }

        return ordinals;
    }

    /// <summary>
    /// Which blocks were written after <c>from</c>. The line of content is followed back from <c>to</c> until it reaches a version that is not later
    /// than <c>from</c>: what that one had written is old, the rest of the line is new.
    /// </summary>
    private bool[] NewBlocks()
    {
        bool[] isNew = new bool[_blocks.Count];
        if (_to.Version.Number <= _from.Version.Number) return isNew;
        long oldWrites = WritesBefore();
        Dictionary<MemoryUid, long> newest = NewestSequences(_from.Manifest);
        foreach (int ordinal in _toOrdinals)
        {
            ManifestBlock block = _blocks[ordinal];
            // Sequences grow with time; this also holds where retention has dropped the rollback that the walk would have followed.
            bool isOlder = newest.TryGetValue(block.Id.Owner, out long sequence) && block.Id.Sequence <= sequence;
            isNew[ordinal] = block.WrittenAt > oldWrites && !isOlder;
        }

        return isNew;
    }

    private long WritesBefore()
    {
        VersionNumber wanted = _to.Version.Number;
        for (int i = _between.Length - 1; i >= 0; i--)
        {
            MemoryVersion version = _between[i];
            if (version.Number > wanted) continue;
            if (version.RestoredFrom is not VersionNumber source) continue;
            if (source <= _from.Version.Number) return version.Writes;
            wanted = source;
        }

        return _from.Version.Writes;
    }

    private static Dictionary<MemoryUid, long> NewestSequences(Manifest manifest)
    {
        var newest = new Dictionary<MemoryUid, long>();
        foreach (ManifestBlock block in manifest.Blocks)
        {
            newest[block.Id.Owner] = Math.Max(block.Id.Sequence, newest.GetValueOrDefault(block.Id.Owner, long.MinValue));
        }

        return newest;
    }

    private ImmutableArray<BlockId> BlocksIn(bool[] here, bool[] notThere) =>
    [
        .. _blocks.Where((_, i) => here[i] && !notThere[i]).OrderBy(b => b.WrittenAt).ThenBy(b => b.Id.Sequence).Select(b => b.Id),
    ];
}
