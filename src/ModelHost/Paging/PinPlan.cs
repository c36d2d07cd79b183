using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Retrieval;

namespace LatentDb.ModelHost.Paging;

/// <summary>Which slices a pass over a version needs, and where each run of rows finds its own. Pure, and the same for every pass over that version.</summary>
internal sealed class PinPlan
{
    private PinPlan(Manifest manifest, SlicePart part, ImmutableArray<PlannedSlice> slices, ImmutableArray<LayerPlan> layers)
    {
        Manifest = manifest;
        Part = part;
        Slices = slices;
        Layers = layers;
        Bytes = slices.Sum(s => s.Bytes);
    }

    public Manifest Manifest { get; }

    /// <summary>What the pass is for: reading or writing.</summary>
    public SlicePart Part { get; }

    /// <summary>In the order of layers, so that what is needed first is loaded first.</summary>
    public ImmutableArray<PlannedSlice> Slices { get; }

    public ImmutableArray<LayerPlan> Layers { get; }

    /// <summary>What all of them take together.</summary>
    public long Bytes { get; }

    /// <summary>
    /// For a query: K, V and retrieval keys of pool and bank. Where that would take more than <paramref name="maxBytes"/>, only the retrieval keys of
    /// the bank's blocks are planned, a tenth of the bytes or less, and the rows that are chosen have to be fetched.
    /// </summary>
    public static PinPlan ForRead(Manifest manifest, SliceGeometry geometry, long maxBytes)
    {
        PinPlan whole = ForRead(manifest, geometry, isBankByNeed: false);
        bool hasBank = geometry.KeySize > 0 && manifest.Layers.Any(l => l.BankRows > 0);
        return whole.Bytes <= maxBytes || !hasBank ? whole : ForRead(manifest, geometry, isBankByNeed: true);
    }

    private static PinPlan ForRead(Manifest manifest, SliceGeometry geometry, bool isBankByNeed)
    {
        var draft = new Draft(manifest, geometry);
        for (int layer = 0; layer < manifest.Layers.Length; layer++)
        {
            LayerRows rows = manifest.Layers[layer];
            draft.Begin();
            ImmutableArray<int> pool = [.. rows.Pool.Select(run => draft.SlotOf(layer, run.Block, SlicePart.Read))];
            ImmutableArray<int> bank = [.. rows.Bank.Select(run => draft.SlotOfBank(layer, run.Block, isBankByNeed))];
            draft.End(pool, bank);
        }

        return draft.Finish(SlicePart.Read);
    }

    /// <summary>For an inject: the hidden rows of the newest <paramref name="rows"/> pool rows.</summary>
    public static PinPlan ForWrite(Manifest manifest, int rows, SliceGeometry geometry)
    {
        var draft = new Draft(manifest, geometry);
        for (int layer = 0; layer < manifest.Layers.Length; layer++)
        {
            draft.Begin();
            ImmutableArray<RowRun> pool = manifest.Layers[layer].Pool;
            int[] slots = new int[pool.Length];
            Array.Fill(slots, -1);
            int wanted = rows;
            for (int run = pool.Length - 1; run >= 0 && wanted > 0; run--)
            {
                slots[run] = draft.SlotOf(layer, pool[run].Block, SlicePart.Hidden);
                wanted -= pool[run].Count;
            }

            draft.End([.. slots], []);
        }

        return draft.Finish(SlicePart.Hidden);
    }

    /// <summary>Gives each slice one slot, however many runs refer to it.</summary>
    private sealed class Draft(Manifest manifest, SliceGeometry geometry)
    {
        private readonly ImmutableArray<PlannedSlice>.Builder _slices = ImmutableArray.CreateBuilder<PlannedSlice>();
        private readonly ImmutableArray<LayerPlan>.Builder _layers = ImmutableArray.CreateBuilder<LayerPlan>();
        private readonly Dictionary<(int Block, SlicePart Part), int> _slots = []; // within the layer
        private readonly Dictionary<int, int> _keySlots = [];
        private int _first;

        public void Begin()
        {
            _slots.Clear();
            _keySlots.Clear();
            _first = _slices.Count;
        }

        public int SlotOf(int layer, int block, SlicePart part)
        {
            if (_slots.TryGetValue((block, part), out int slot)) return slot;
            ManifestBlock named = manifest.Blocks[block];
            _slots.Add((block, part), _slices.Count);
            _slices.Add(new PlannedSlice(new ResidentKey(new SliceAddress(named.Id, layer, part), IsKeysOnly: false), geometry.ResidentBytes(part, named.Rows)));
            return _slices.Count - 1;
        }

        /// <summary>The keys of a block whose other rows are in the pool are there with these.</summary>
        public int SlotOfBank(int layer, int block, bool isByNeed)
        {
            if (!isByNeed || _slots.ContainsKey((block, SlicePart.Read))) return SlotOf(layer, block, SlicePart.Read);
            if (_keySlots.TryGetValue(block, out int slot)) return slot;
            ManifestBlock named = manifest.Blocks[block];
            _keySlots.Add(block, _slices.Count);
            _slices.Add(new PlannedSlice(new ResidentKey(new SliceAddress(named.Id, layer, SlicePart.Read), IsKeysOnly: true), geometry.KeyBytes(named.Rows)));
            return _slices.Count - 1;
        }

        public void End(ImmutableArray<int> pool, ImmutableArray<int> bank) => _layers.Add(new LayerPlan(_first, _slices.Count - _first, pool, bank));

        public PinPlan Finish(SlicePart part) => new(manifest, part, _slices.ToImmutable(), _layers.ToImmutable());
    }
}

/// <summary>The slices of one layer.</summary>
/// <param name="First">Index of its first slice in <see cref="PinPlan.Slices"/>.</param>
/// <param name="Count">Number of its slices.</param>
/// <param name="Pool">For each run of the pool the slice that holds its rows; -1 when the pass does not read them.</param>
/// <param name="Bank">The same for each run of the bank.</param>
internal sealed record LayerPlan(int First, int Count, ImmutableArray<int> Pool, ImmutableArray<int> Bank)
{
    private BankIndex? _bank;

    /// <summary>Made by the first query that asks; of two that ask at once, either's is right.</summary>
    public BankIndex BankOf(LayerRows rows, int blocks) => _bank ??= new BankIndex(rows, blocks);
}
