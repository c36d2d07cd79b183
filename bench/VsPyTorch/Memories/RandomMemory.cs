using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.VsPyTorch.Memories;

/// <summary>A memory after many writes whose blocks were cut instead of computed; pool and bank are what the drop law makes of them.</summary>
internal sealed class RandomMemory
{
    private readonly RowBlocks _blocks;
    private readonly PoolRules _rules;
    private readonly ModelFingerprint _fingerprint;
    private readonly Dictionary<BlockId, int> _rowOfBlock;

    /// <param name="blocks">Holds the rows.</param>
    /// <param name="genesis">What the model host made of the checkpoint; its bank is left out.</param>
    /// <param name="rules">Of the model.</param>
    /// <param name="fingerprint">Of the model.</param>
    public RandomMemory(RowBlocks blocks, Manifest genesis, PoolRules rules, ModelFingerprint fingerprint)
    {
        _blocks = blocks;
        _rules = rules;
        _fingerprint = fingerprint;
        _rowOfBlock = new Dictionary<BlockId, int> { [blocks.Genesis] = 0 };
        Manifest = new Manifest(
            [new ManifestBlock(blocks.Genesis, 0, rules.PoolRows)],
            [.. genesis.Layers.Select(layer => new LayerRows(layer.Pool, [], Decays: 0))],
            Writes: 0);
    }

    public Manifest Manifest { get; private set; }

    /// <summary>On whose account it is asked and written.</summary>
    public string Flow { get; set; } = string.Empty;

    public int BankRows => Manifest.Layers[0].BankRows;

    /// <summary>As the store would hand it to a request.</summary>
    public VersionedManifest Head => new(
        new MemoryVersion(
            new VersionNumber(Manifest.Writes + 1), null, VersionCause.Inject, null, new HybridTimestamp(Manifest.Writes + 1), _fingerprint, 0, 0, 0, Manifest.Writes, 0, null),
        Manifest);

    /// <summary>Writes blocks [first, first + count), each dropping what an inject with this seed drops.</summary>
    public void Grow(int first, int count, ulong seed)
    {
        for (int index = first; index < first + count; index++)
        {
            int rows = _blocks.RowsPerWrite;
            _rowOfBlock[_blocks[index]] = _rules.PoolRows + (index * rows);
            var drops = new SeededDropSource(seed, index, _rules.DropsPerLayer);
            Manifest = PoolUpdate.Next(Manifest, _blocks[index], rows, _rules, drops).Apply(Manifest);
        }
    }

    /// <summary>Makes what an inject did the head, as the store does when it commits.</summary>
    public void Commit(InjectOutcome outcome)
    {
        foreach (ManifestDelta delta in outcome.Deltas) Manifest = delta.Apply(Manifest);
    }

    /// <summary>
    /// For each layer: the pool's rows, the bank's rows and the ages of the latter. A row is its number in the checkpoint: its pool first, then its
    /// bank. Ages count from the writing of a row (spec 4.1), computed here from first principles.
    /// </summary>
    public long[] Numbers()
    {
        List<long> numbers = [];
        foreach (LayerRows layer in Manifest.Layers)
        {
            numbers.AddRange(layer.Pool.SelectMany(run => Enumerable.Range(run.First, run.Count).Select(row => RowOf(run.Block) + (long)row)));
            numbers.AddRange(layer.Bank.SelectMany(run => Enumerable.Range(run.First, run.Count).Select(row => RowOf(run.Block) + (long)row)));
            numbers.AddRange(layer.Bank.SelectMany(run => Enumerable.Range(run.First, run.Count).Select(row => AgeOf(Manifest.Blocks[run.Block], row))));
        }

        return [.. numbers];
    }

    private int RowOf(int block) => _rowOfBlock[Manifest.Blocks[block].Id];

    private long AgeOf(ManifestBlock block, int row) => ((Manifest.Writes - block.WrittenAt) * _blocks.RowsPerWrite) + block.Rows - 1 - row;
}
