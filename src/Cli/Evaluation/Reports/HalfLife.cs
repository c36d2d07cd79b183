namespace LatentDb.Cli.Evaluation.Reports;

/// <summary>The number of writes after which accuracy falls under half of what it was at the start.</summary>
internal static class HalfLife
{
    /// <summary>Between two measured steps by a straight line; null when it never falls so far.</summary>
    /// <param name="rows">One series, by step.</param>
    public static double? Of(IReadOnlyList<SummaryRow> rows)
    {
        double half = rows[0].Accuracy.Value / 2;
        for (int i = 1; i < rows.Count; i++)
        {
            double after = rows[i].Accuracy.Value;
            if (after >= half) continue;
            double before = rows[i - 1].Accuracy.Value;
            return rows[i - 1].Step + ((before - half) / (before - after) * (rows[i].Step - rows[i - 1].Step));
        }

        return null;
    }
}
