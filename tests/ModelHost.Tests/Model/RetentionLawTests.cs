using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>How long rows stay: properties 6 and 7 of the specification, on seeded histories of manifests.</summary>
public sealed class RetentionLawTests
{
    private const int RowsPerWrite = 4;
    private const int PoolRows = 48;
    private const int Layers = 64; // each an independent sample
    private const int Histories = 50;

    private static readonly PoolRules Rules = Laws.MemoryLlm(Layers, RowsPerWrite, PoolRows / RowsPerWrite);

    // Property 6: t = 1, 10, N/K, 2N/K.
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(12)]
    [InlineData(24)]
    public void The_share_of_a_block_that_is_left_after_t_writes_is_the_survival_law(int writes)
    {
        double[] shares = Shares(writes);

        double mean = shares.Average();
        double deviation = Math.Sqrt(shares.Sum(s => (s - mean) * (s - mean)) / (shares.Length - 1));
        double law = Math.Pow(1 - ((double)RowsPerWrite / PoolRows), writes);
        Assert.InRange(mean, law - (4 * deviation / Math.Sqrt(shares.Length)), law + (4 * deviation / Math.Sqrt(shares.Length)));
    }

    // Property 6: K of N rows are drawn, K of them marked.
    [Fact]
    public void The_rows_lost_in_one_write_vary_like_a_hypergeometric_draw()
    {
        double[] rows = [.. Shares(1).Select(s => s * RowsPerWrite)];

        double mean = rows.Average();
        double variance = rows.Sum(r => (r - mean) * (r - mean)) / (rows.Length - 1);
        double p = (double)RowsPerWrite / PoolRows;
        double law = RowsPerWrite * p * (1 - p) * (PoolRows - RowsPerWrite) / (PoolRows - 1);
        Assert.InRange(variance / law, 0.9, 1.1);
    }

    // Property 7: the published figures and their formula, then the formula against the drop law.
    [Theory]
    [InlineData(12, 2755.6)]
    [InlineData(28, 5529.9)]
    public void The_expected_rows_of_a_document_are_as_published(int chunks, double published) =>
        Assert.Equal(published, Expected(12800, 256, chunks), 0.05);

    [Fact]
    public void A_document_of_c_chunks_keeps_the_expected_rows()
    {
        const int Chunks = 9;
        List<double> kept = [];
        for (int history = 0; history < Histories; history++)
        {
            Manifest manifest = WriteMany(Laws.Genesis(Rules), Chunks, history);
            for (int layer = 0; layer < Layers; layer++) kept.Add(Laws.PoolRows(manifest, layer).Count(row => row.Write > 0));
        }

        double mean = kept.Average();
        double error = Math.Sqrt(kept.Sum(k => (k - mean) * (k - mean)) / (kept.Count - 1) / kept.Count);
        double law = Expected(PoolRows, RowsPerWrite, Chunks);
        Assert.InRange(mean, law - (4 * error), law + (4 * error));
    }

    private static double Expected(double pool, double rowsPerWrite, int chunks) => pool * (1 - Math.Pow(1 - (rowsPerWrite / pool), chunks));

    /// <summary>Share of the block of write 1 that is left after so many later writes, for each history and layer.</summary>
    private static double[] Shares(int writes)
    {
        List<double> shares = [];
        for (int history = 0; history < Histories; history++)
        {
            Manifest manifest = WriteMany(Laws.Genesis(Rules), writes + 1, history);
            for (int layer = 0; layer < Layers; layer++) shares.Add((double)Laws.PoolRows(manifest, layer).Count(row => row.Write == 1) / RowsPerWrite);
        }

        return [.. shares];
    }

    private static Manifest WriteMany(Manifest manifest, int writes, int history)
    {
        for (int write = 0; write < writes; write++) manifest = Laws.Write(manifest, RowsPerWrite, Rules, ((ulong)history << 16) | (uint)write);
        return manifest;
    }
}
