using BenchmarkDotNet.Running;

namespace LatentDb.Kernels;

/// <summary><c>floor</c> prints every kernel's share of what the machine can do; everything else goes to BenchmarkDotNet.</summary>
internal static class Program
{
    private static void Main(string[] arguments)
    {
        if (arguments is ["floor", ..]) FloorReport.Print(Console.Out);
        else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments);
    }
}
