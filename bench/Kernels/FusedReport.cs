using System.Diagnostics;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.Kernels;

/// <summary>
/// What one call for several products gains over single calls with the same numbers: norm, queries, keys and values; and norm, gate, up and their product.
/// In turns, over the weights of twelve layers, so that they come from memory as they do in a model.
/// </summary>
internal static class FusedReport
{
    private const int Rounds = 31;
    private const int Layers = 12;
    private const int D = 768;
    private const int Kv = 256;
    private const int Ff = 2048;
    private const float Epsilon = 1e-5f;

    public static void Print(TextWriter output)
    {
        int all = Environment.ProcessorCount;
        foreach (int threads in all == 1 ? [1] : new[] { 1, all })
        {
            using var backend = new CpuBackend(new CpuBackendOptions { Threads = threads });
            output.WriteLine($"{backend.Name}: medians of {Rounds} rounds in turns, {Layers} layers of d = {D}, BF16 weights");
            output.WriteLine("| work | rows | single calls | one call | single / one |");
            output.WriteLine("|---|---|---|---|---|");
            foreach (int rows in new[] { 1, 2, 16, 32, 64, 256 }) Print(output, backend, rows);
            output.WriteLine();
        }
    }

    private static void Print(TextWriter output, CpuBackend backend, int rows)
    {
        using var operands = new KernelOperands(backend);
        MatrixView x = operands.Matrix(rows, D);
        MatrixView normed = operands.Matrix(rows, D);
        MatrixView change = operands.Matrix(rows, D);
        MatrixView queries = operands.Matrix(rows, D);
        MatrixView keys = operands.Matrix(rows, Kv);
        MatrixView values = operands.Matrix(rows, Kv);
        MatrixView gate = operands.Matrix(rows, Ff);
        MatrixView up = operands.Matrix(rows, Ff);
        var norm = new RowNorm(operands.Matrix(1, D), Epsilon);
        Weights[] layers = [.. Enumerable.Range(0, Layers).Select(_ => new Weights(operands))];
        Compare(output, "norm, q, k, v", rows, layers, layer =>
        {
            backend.RmsNorm(x, norm.Gain, norm.Epsilon, normed);
            backend.Multiply(normed, layer.Query, queries);
            backend.Multiply(normed, layer.Key, keys);
            backend.Multiply(normed, layer.Value, values);
        }, layer => backend.MultiplyAll(x, norm, [new WeightProduct(layer.Query, queries), new WeightProduct(layer.Key, keys), new WeightProduct(layer.Value, values)]));
        Compare(output, "norm, gate, up", rows, layers, layer =>
        {
            backend.RmsNorm(x, norm.Gain, norm.Epsilon, normed);
            backend.Multiply(normed, layer.Gate, gate);
            backend.Multiply(normed, layer.Up, up);
            backend.SiluMultiply(gate, up);
        }, layer => backend.GatedMultiply(x, norm, layer.Gate, layer.Up, gate));
        Compare(output, "output, residual", rows, layers, layer =>
        {
            backend.Multiply(queries, layer.Query, change);
            backend.Add(change, normed);
        }, layer => backend.Multiply(queries, layer.Query, normed, accumulate: true));
    }

    private static void Compare(TextWriter output, string work, int rows, Weights[] layers, Action<Weights> single, Action<Weights> fused)
    {
        var singles = new double[Rounds];
        var fusedOnes = new double[Rounds];
        var ratios = new double[Rounds];
        for (int round = -5; round < Rounds; round++)
        {
            double first = Seconds(layers, single);
            double second = Seconds(layers, fused);
            if (round < 0) continue; // until everything is compiled
            singles[round] = first;
            fusedOnes[round] = second;
            ratios[round] = first / second;
        }

        Array.Sort(singles);
        Array.Sort(fusedOnes);
        Array.Sort(ratios);
        output.WriteLine($"| {work} | {rows} | {singles[Rounds / 2] * 1e6 / Layers:F1} us | {fusedOnes[Rounds / 2] * 1e6 / Layers:F1} us | {ratios[Rounds / 2]:F2} |");
    }

    private static double Seconds(Weights[] layers, Action<Weights> work)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (Weights layer in layers) work(layer);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed class Weights(KernelOperands operands)
    {
        public WeightMatrix Query { get; } = operands.Weight(D, D, ElementType.BF16);

        public WeightMatrix Key { get; } = operands.Weight(Kv, D, ElementType.BF16);

        public WeightMatrix Value { get; } = operands.Weight(Kv, D, ElementType.BF16);

        public WeightMatrix Gate { get; } = operands.Weight(Ff, D, ElementType.BF16);

        public WeightMatrix Up { get; } = operands.Weight(Ff, D, ElementType.BF16);
    }
}
