namespace LatentDb.Cli.Evaluation;

/// <summary>A share with what it rests on. Scores between 0 and 1 count as parts of a hit.</summary>
/// <param name="Sum">Sum of the scores.</param>
/// <param name="Count">How many were asked.</param>
internal readonly record struct Proportion(double Sum, int Count)
{
    // The 97.5 % point of the normal distribution.
    private const double Z = 1.959963984540054;

    public double Value => Count == 0 ? double.NaN : Sum / Count;

    /// <summary>Lower end of the 95 % interval (Wilson 1927): sound near 0 and 1 and for few questions, where mean ± 2 sigma is not.</summary>
    public double Low => Count == 0 ? double.NaN : Math.Max(0, Centre - Reach);

    /// <summary>Upper end of the 95 % interval.</summary>
    public double High => Count == 0 ? double.NaN : Math.Min(1, Centre + Reach);

    private double Centre => (Value + (Z * Z / (2 * Count))) / (1 + (Z * Z / Count));

    private double Reach => Z * Math.Sqrt((Value * (1 - Value) / Count) + (Z * Z / (4.0 * Count * Count))) / (1 + (Z * Z / Count));

    public static Proportion Of(IEnumerable<double> scores)
    {
        double sum = 0;
        int count = 0;
        foreach (double score in scores)
        {
            sum += score;
            count++;
        }

        return new Proportion(sum, count);
    }
}
