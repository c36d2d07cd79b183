using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>Every instruction set that this machine has, for theories.</summary>
internal static class Backends
{
    public static TheoryData<string> InstructionSets { get; } = [.. Available().Select(set => set.ToString())];

    public static CpuBackend Create(string instructionSet, int threads = 2) =>
        new(new CpuBackendOptions { Threads = threads, InstructionSet = Enum.Parse<CpuInstructionSet>(instructionSet) });

    /// <summary>|actual - expected| at most tolerance x (1 + |expected|), element by element.</summary>
    public static void AssertClose(double[] expected, float[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]);
            Assert.True(error <= tolerance * (1 + Math.Abs(expected[i])), $"{what}: element {i} is {actual[i]}, not {expected[i]}.");
        }
    }

    private static IEnumerable<CpuInstructionSet> Available()
    {
        CpuInstructionSet[] sets = [CpuInstructionSet.Scalar, CpuInstructionSet.Vector128, CpuInstructionSet.Avx2, CpuInstructionSet.Avx512];
        return sets.Where(CpuFeatures.IsAvailable);
    }
}
