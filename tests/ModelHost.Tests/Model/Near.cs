namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Comparisons of the passes with the double-precision model.</summary>
internal static class Near
{
    /// <summary>What single precision may differ by on these sizes.</summary>
    public const double Single = 2e-4;

    public static void Equal(IEnumerable<double> expected, ReadOnlySpan<float> actual, double tolerance = Single)
    {
        double[] want = [.. expected];
        Assert.Equal(want.Length, actual.Length);
        for (int i = 0; i < want.Length; i++)
        {
            double error = Math.Abs(actual[i] - want[i]);
            Assert.True(error <= tolerance * (1 + Math.Abs(want[i])), $"Element {i} is {actual[i]}, not {want[i]}.");
        }
    }

    public static double Largest(double[][] a, double[][] b) => a.Zip(b, (x, y) => x.Zip(y, (u, v) => Math.Abs(u - v)).Max()).Max();

    /// <summary>Rows of a flat matrix.</summary>
    public static float[][] Rows(float[] values, int width) => [.. values.Chunk(width)];

    public static double[][] Wide(float[] values, int width) => [.. values.Chunk(width).Select(row => row.Select(v => (double)v).ToArray())];
}
