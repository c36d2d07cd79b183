using System.Buffers;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.ModelHost.Model.Retrieval;

/// <summary>
/// M+ retrieval (spec 4.3): every prompt row votes for bank rows, s_j = mean over t of sigmoid(q_t . key_j); the R best are read, oldest first.
/// Deterministic: equal scores prefer the row that entered the bank first, equal ages keep the order of entry. Thread-safe.
/// </summary>
internal sealed class Retriever(LayerStack stack, BankAges ages, CompatibilityMode compatibility)
{
    // Prompt rows that are normed and projected at once.
    private const int SlabRows = 64;

    private readonly int _wanted = stack.Dimensions.R;

    /// <summary>Whether two prompts may read different rows of the bank: where a bank holds no more rows than are wanted, all are read.</summary>
    public bool DependsOnPrompt(Manifest manifest)
    {
        if (_wanted == 0) return false;
        for (int l = 0; l < manifest.Layers.Length; l++)
        {
            if (stack.Layers[l].Weights.Retriever is not null && manifest.Layers[l].BankRows > _wanted) return true;
        }

        return false;
    }

    /// <summary>Positions in the bank of <paramref name="layer"/>, in reading order.</summary>
    /// <param name="memory">The version that is read; the layer is ready.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="x">The prompt rows that enter the layer [n, d].</param>
    /// <param name="probe">Told of scores and choice.</param>
    public int[] Choose(IMemoryRows memory, int layer, MatrixView x, PassProbe? probe)
    {
        LayerRows rows = memory.Manifest.Layers[layer];
        if (_wanted == 0 || rows.BankRows == 0 || stack.Layers[layer].Weights.Retriever is not { } weights) return [];
        if (compatibility.CyclicSmallBank && MergedRows(rows) is var merged && merged < _wanted) return TakeCyclic(memory, layer, merged, probe);
        if (rows.BankRows <= _wanted && probe is null) return OrderByAge(memory, layer, [.. Enumerable.Range(0, rows.BankRows)]);

        BankIndex bank = memory.Bank(layer);
        float[] rented = ArrayPool<float>.Shared.Rent(bank.Scored);
        Span<float> scores = rented.AsSpan(0, bank.Scored);
        Score(memory, layer, weights, x, scores);
        int[] chosen = OrderByAge(memory, layer, TopRows.Select(scores, bank.Scores, _wanted));
        probe?.Retrieved(layer, ByPosition(scores, bank), chosen);
        ArrayPool<float>.Shared.Return(rented);
        return chosen;
    }

    private void Score(IMemoryRows memory, int layer, RetrieverWeights weights, MatrixView x, Span<float> scores)
    {
        IComputeBackend backend = stack.Backend;
        using DeviceBuffer buffer = backend.Allocate((long)x.Rows * stack.Dimensions.KeySize);
        MatrixView queries = buffer.AsMatrix(x.Rows, stack.Dimensions.KeySize);
        PassScratch scratch = stack.Scratch.Rent(Math.Min(SlabRows, x.Rows));
        for (int first = 0; first < x.Rows; first += SlabRows)
        {
            int count = Math.Min(SlabRows, x.Rows - first);
            MatrixView normed = scratch.Normed.SliceRows(0, count);
            stack.Layers[layer].NormInput(x.SliceRows(first, count), normed);
            scratch.Apply(weights.Query, normed, queries.SliceRows(first, count));
        }

        stack.Scratch.Return(scratch);
        BankScores.Compute(backend, memory, layer, queries, scores);
    }

    private int[] TakeCyclic(IMemoryRows memory, int layer, int merged, PassProbe? probe)
    {
        if (merged == 0) return [];
        int repetitions = (_wanted + merged - 1) / merged;
        int skipped = (repetitions * merged) - _wanted;
        int[] chosen = OrderByAge(memory, layer, [.. Enumerable.Range(skipped, _wanted).Select(i => i % merged)]);
        probe?.Retrieved(layer, [], chosen);
        return chosen;
    }

    private int[] OrderByAge(IMemoryRows memory, int layer, int[] chosen)
    {
        var aged = new AgedRow[chosen.Length];
        BankPositions bank = memory.Bank(layer).Positions;
        for (int i = 0; i < aged.Length; i++)
        {
            BankRun row = bank.At(chosen[i]);
            aged[i] = new AgedRow(ages.Of(memory, layer, row, row.First), chosen[i]);
        }

        if (compatibility.NumpyTies) return Array.ConvertAll(OfficialAgeOrder.OldestFirst(Array.ConvertAll(aged, row => row.Age)), i => chosen[i]);
        Array.Sort(aged, static (a, b) => a.Age != b.Age ? b.Age.CompareTo(a.Age) : a.Position.CompareTo(b.Position));
        return Array.ConvertAll(aged, row => row.Position);
    }

    private static float[] ByPosition(ReadOnlySpan<float> scores, BankIndex bank)
    {
        float[] byPosition = new float[bank.Scores.Length];
        for (int i = 0; i < byPosition.Length; i++) byPosition[i] = scores[bank.Scores[i]];
        return byPosition;
    }

    private static int MergedRows(LayerRows rows) => rows.Bank.Where(r => !r.IsStaged).Sum(r => r.Count);

    private readonly record struct AgedRow(long Age, int Position);
}
