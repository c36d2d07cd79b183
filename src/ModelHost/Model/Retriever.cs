using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// M+ retrieval (spec 4.3): every prompt row votes for bank rows, s_j = mean over t of sigmoid(q_t . key_j); the R best are read, oldest first.
/// Deterministic: equal scores prefer the row that entered the bank first, equal ages keep the order of entry.
/// </summary>
internal sealed class Retriever(IComputeBackend backend, ModelDimensions dimensions, BankAges ages, CompatibilityMode compatibility)
{
    /// <summary>Positions in the bank of <paramref name="layer"/>, in reading order.</summary>
    /// <param name="memory">The version that is read.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="weights">Its projectors; null = the layer retrieves nothing.</param>
    /// <param name="normed">The prompt rows after the layer's input norm [n, d].</param>
    /// <param name="scratch">For the projected queries.</param>
    /// <param name="probe">Told of scores and choice.</param>
    public int[] Choose(IMemoryRows memory, int layer, RetrieverWeights? weights, MatrixView normed, PassScratch scratch, PassProbe? probe)
    {
        LayerRows rows = memory.Manifest.Layers[layer];
        if (dimensions.R == 0 || weights is null || rows.BankRows == 0) return [];
        if (compatibility.CyclicSmallBank && MergedRows(rows) is var merged && merged < dimensions.R) return TakeCyclic(memory, layer, merged, probe);

        float[] scores = [];
        int[] chosen;
        if (rows.BankRows <= dimensions.R && probe is null)
        {
            chosen = [.. Enumerable.Range(0, rows.BankRows)];
        }
        else
        {
            MatrixView queries = scratch.Projected.SliceRows(0, normed.Rows);
            scratch.Apply(weights.Query, normed, queries);
            scores = new float[rows.BankRows];
            backend.RetrievalScores(queries, memory.BankKeys(layer), scores);
            chosen = TopRows.Select(scores, dimensions.R);
        }

        OrderByAge(memory, layer, chosen);
        probe?.Retrieved(layer, scores, chosen);
        return chosen;
    }

    private int[] TakeCyclic(IMemoryRows memory, int layer, int merged, PassProbe? probe)
    {
        if (merged == 0) return [];
        int repetitions = (dimensions.R + merged - 1) / merged;
        int skipped = (repetitions * merged) - dimensions.R;
        int[] chosen = [.. Enumerable.Range(skipped, dimensions.R).Select(i => i % merged)];
        OrderByAge(memory, layer, chosen);
        probe?.Retrieved(layer, [], chosen);
        return chosen;
    }

    private void OrderByAge(IMemoryRows memory, int layer, int[] chosen)
    {
        var bank = new BankPositions(memory.Manifest.Layers[layer]);
        long[] age = new long[chosen.Length];
        for (int i = 0; i < chosen.Length; i++)
        {
            BankRun row = bank.At(chosen[i]);
            age[i] = ages.Of(memory, layer, row, row.First);
        }

        int[] order = compatibility.NumpyTies ? OfficialAgeOrder.OldestFirst(age) : OldestFirst(age);
        int[] sorted = [.. order.Select(i => chosen[i])];
        sorted.CopyTo(chosen, 0);
    }

    private static int[] OldestFirst(long[] age)
    {
        int[] order = [.. Enumerable.Range(0, age.Length)];
        Array.Sort(order, (a, b) => age[a] != age[b] ? age[b].CompareTo(age[a]) : a.CompareTo(b));
        return order;
    }

    private static int MergedRows(LayerRows rows) => rows.Bank.Where(r => !r.IsStaged).Sum(r => r.Count);
}
