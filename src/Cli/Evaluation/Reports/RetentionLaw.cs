namespace LatentDb.Cli.Evaluation.Reports;

/// <summary>The share of a block's rows that survives t further writes in the pool: (1 - K/N)^t (2402.04624 section 3.1).</summary>
/// <param name="RowsPerWrite">K.</param>
/// <param name="PoolRows">N.</param>
internal sealed record RetentionLaw(int RowsPerWrite, int PoolRows)
{
    public double Survives(int writes) => Math.Pow(1 - ((double)RowsPerWrite / PoolRows), writes);
}
