using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace LatentDb.Kernels;

/// <summary><c>floor</c> prints every kernel's share of what the machine can do, <c>fused</c> what joined calls gain, <c>gemm</c> products as JSON; everything else goes to BenchmarkDotNet.</summary>
internal static class Program
{
    private static void Main(string[] arguments)
    {
        if (arguments is ["floor", ..])
        {
            FloorReport.Print(Console.Out, arguments.Length > 1 ? arguments[1] : null);
            return;
        }

        if (arguments is ["gemm"])
        {
            GemmJson.Print(Console.Out);
            return;
        }

        if (arguments is ["fused"])
        {
            FusedReport.Print(Console.Out);
            return;
        }

        // In this process: the projects that BenchmarkDotNet generates do not build under the repository's settings.
        ManualConfig config = ManualConfig.Create(DefaultConfig.Instance).AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments, config);
    }
}
