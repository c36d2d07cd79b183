using System.Text.Json;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.Kernels;

/// <summary>Products as one line of JSON each, for other programs to compare with.</summary>
internal static class GemmJson
{
    public static void Print(TextWriter output)
    {
        int threads = Environment.ProcessorCount;
        using var backend = new CpuBackend(new CpuBackendOptions { Threads = threads });
        using var peaks = new MachinePeaks(threads, 1 << 20);
        foreach (ElementType storage in new[] { ElementType.F32, ElementType.BF16, ElementType.I8 })
        {
            foreach ((int m, int outputs, int inputs) in new[] { (1, 4096, 4096), (16, 768, 2048), (16, 4096, 4096), (512, 1024, 1024), (512, 4096, 4096) })
            {
                using var operands = new KernelOperands(backend);
                WeightMatrix weight = operands.Weight(outputs, inputs, storage);
                MatrixView x = operands.Matrix(m, inputs);
                MatrixView y = operands.Matrix(m, outputs);
                void Run() => backend.Multiply(x, weight, y);
                Turns.WarmUp(Run);
                peaks.Lasting(Math.Min(Turns.Seconds(Run), Turns.Seconds(Run)));
                Measured measured = Turns.Measure(Run, 2.0 * m * outputs * inputs, peaks.RunFma, peaks.FmaFlops);
                output.WriteLine(JsonSerializer.Serialize(new
                {
                    storage = storage.ToString(),
                    m,
                    outputs,
                    inputs,
                    threads,
                    gflops = Math.Round(measured.Rate / 1e9, 1),
                    peak = Math.Round(measured.Peak / 1e9, 1),
                    share = Math.Round(measured.Share, 3),
                }));
            }
        }
    }
}
