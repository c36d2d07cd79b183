using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.Kernels;

/// <summary>
/// Each kernel's share of the machine's peak. Peak and kernel are measured in turns, and medians compared: on a shared machine only the ratio
/// means something.
/// </summary>
internal static class FloorReport
{
    // Sixteen times the last-level cache of a small server.
    private const long MemoryBytes = 512L << 20;

    /// <param name="output">Markdown tables.</param>
    /// <param name="part">products, rows, attention, segments or retrieval; null = all.</param>
    public static void Print(TextWriter output, string? part)
    {
        int all = Environment.ProcessorCount;
        foreach (int threads in all == 1 ? [1] : new[] { 1, all })
        {
            using var backend = new CpuBackend(new CpuBackendOptions { Threads = threads });
            using var peaks = new MachinePeaks(threads, MemoryBytes);
            output.WriteLine($"{backend.Name}: medians of {Turns.Rounds} rounds, kernel and peak in turns");
            output.WriteLine("| kernel | shape | rate | peak | share | best rate | best peak | share of bests |");
            output.WriteLine("|---|---|---|---|---|---|---|---|");
            if (part is null or "products") PrintProducts(output, backend, peaks);
            if (part is null or "rows") PrintRows(output, backend, peaks);
            if (part is null or "attention") PrintAttention(output, backend, peaks);
            if (part is null or "segments") PrintSegments(output, backend, peaks);
            if (part is null or "retrieval") PrintRetrieval(output, backend, peaks);
            output.WriteLine();
        }
    }

    private static void PrintProducts(TextWriter output, CpuBackend backend, MachinePeaks peaks)
    {
        foreach (ElementType storage in new[] { ElementType.F32, ElementType.BF16 })
        {
            foreach ((int outputs, int inputs) in new[] { (2048, 768), (1024, 1024), (4096, 1024), (4096, 4096) })
            {
                using var operands = new KernelOperands(backend);
                WeightMatrix weight = operands.Weight(outputs, inputs, storage);
                foreach (int m in new[] { 8, 16, 32, 64, 256, 512 })
                {
                    MatrixView x = operands.Matrix(m, inputs);
                    MatrixView y = operands.Matrix(m, outputs);
                    double flops = 2.0 * m * outputs * inputs;
                    Compare(output, peaks, $"Gemm {storage}", $"{m} x {inputs} x {outputs}", flops, () => backend.Multiply(x, weight, y));
                }
            }
        }
    }

    private static void PrintRows(TextWriter output, CpuBackend backend, MachinePeaks peaks)
    {
        foreach (ElementType storage in new[] { ElementType.F32, ElementType.BF16, ElementType.I8 })
        {
            foreach (int m in new[] { 1, 2, 3, 4 })
            {
                using var operands = new KernelOperands(backend);
                const int Inputs = 4096;
                int outputs = 16384 * sizeof(float) / storage.Bytes();
                WeightMatrix weight = operands.Weight(outputs, Inputs, storage);
                MatrixView x = operands.Matrix(m, Inputs);
                MatrixView y = operands.Matrix(m, outputs);
                double bytes = (double)outputs * Inputs * storage.Bytes();
                CompareBytes(output, peaks, $"Gemv {storage}", $"{m} x {Inputs} x {outputs}", bytes, () => backend.Multiply(x, weight, y));
            }
        }
    }

    private static void PrintAttention(TextWriter output, CpuBackend backend, MachinePeaks peaks)
    {
        foreach ((int rows, int keys, int heads, int kvHeads, int headSize) in
                 new[] { (512, 512, 16, 4, 64), (512, 4096, 16, 4, 64), (512, 4096, 16, 4, 128), (128, 8192, 16, 16, 64) })
        {
            using var operands = new KernelOperands(backend);
            MatrixView q = operands.Matrix(rows, heads * headSize);
            MatrixView result = operands.Matrix(rows, heads * headSize);
            MatrixView k = operands.Matrix(keys, kvHeads * headSize);
            MatrixView v = operands.Matrix(keys, kvHeads * headSize);
            double pairs = ((double)rows * (keys - rows)) + (rows * (rows + 1) / 2.0);
            string shape = $"{rows} rows, {keys} keys, {heads}/{kvHeads} heads of {headSize}";
            Compare(output, peaks, "Attention", shape, 4 * pairs * heads * headSize, () => backend.Attend(q, k, v, headSize, result));
        }

        foreach ((int keys, int heads, int kvHeads) in new[] { (8192, 32, 8), (8192, 16, 16) })
        {
            using var operands = new KernelOperands(backend);
            const int HeadSize = 128;
            MatrixView q = operands.Matrix(1, heads * HeadSize);
            MatrixView result = operands.Matrix(1, heads * HeadSize);
            MatrixView k = operands.Matrix(keys, kvHeads * HeadSize);
            MatrixView v = operands.Matrix(keys, kvHeads * HeadSize);
            double bytes = 2.0 * keys * kvHeads * HeadSize * sizeof(float);
            string shape = $"1 row, {keys} keys, {heads}/{kvHeads} heads of {HeadSize}";
            CompareBytes(output, peaks, "Attention", shape, bytes, () => backend.Attend(q, k, v, HeadSize, result));
        }
    }

    /// <summary>Memories of the 100M shape and of 8B: pools of short runs of BF16 rows that are rotated on the way, and some rows of text.</summary>
    private static void PrintSegments(TextWriter output, CpuBackend backend, MachinePeaks peaks)
    {
        foreach ((int sequences, int rows, int keys, int heads, int kvHeads, int headSize) in
                 new[] { (1, 1, 2560, 12, 4, 64), (16, 1, 2560, 12, 4, 64), (16, 1, 8192, 32, 8, 128), (1, 32, 2560, 12, 4, 64), (4, 32, 2560, 12, 4, 64) })
        {
            using var operands = new KernelOperands(backend);
            var batch = new SegmentOperands(operands, sequences, rows, keys, heads, kvHeads, headSize);
            string shape = $"{sequences} x {rows} rows, {keys} BF16 keys in runs of {SegmentOperands.RunRows}, {heads}/{kvHeads} heads of {headSize}";
            if (rows == 1) CompareBytes(output, peaks, "Segments", shape, 2.0 * sequences * keys * kvHeads * headSize * sizeof(ushort), () => batch.Attend(backend));
            else Compare(output, peaks, "Segments", shape, 4.0 * sequences * rows * keys * heads * headSize, () => batch.Attend(backend));
        }
    }

    private static void PrintRetrieval(TextWriter output, CpuBackend backend, MachinePeaks peaks)
    {
        const int Keys = 32768;
        const int Width = 1024;
        var scores = new float[Keys];
        using var operands = new KernelOperands(backend);
        MatrixView keys = operands.Matrix(Keys, Width);
        MatrixView one = operands.Matrix(1, Width);
        CompareBytes(output, peaks, "RetrievalScores", $"1 row, {Keys} keys of {Width}", (double)Keys * Width * sizeof(float), () => backend.RetrievalScores(one, [keys], scores));
        foreach (int rows in new[] { 32, 256 })
        {
            MatrixView q = operands.Matrix(rows, Width);
            Compare(output, peaks, "RetrievalScores", $"{rows} rows, {Keys} keys of {Width}", 2.0 * rows * Keys * Width, () => backend.RetrievalScores(q, [keys], scores));
        }
    }

    private static void Compare(TextWriter output, MachinePeaks peaks, string kernel, string shape, double flops, Action run)
    {
        Turns.WarmUp(run);
        peaks.Lasting(Math.Min(Turns.Seconds(run), Turns.Seconds(run)));
        Write(output, kernel, shape, Turns.Measure(run, flops, peaks.RunFma, peaks.FmaFlops), "GFLOP/s");
    }

    private static void CompareBytes(TextWriter output, MachinePeaks peaks, string kernel, string shape, double bytes, Action run)
    {
        Turns.WarmUp(run);
        Turns.WarmUp(peaks.RunRead);
        Write(output, kernel, shape, Turns.Measure(run, bytes, peaks.RunRead, peaks.ReadBytes), "GB/s");
    }

    private static void Write(TextWriter output, string kernel, string shape, Measured measured, string unit) =>
        output.WriteLine(
            $"| {kernel} | {shape} | {measured.Rate / 1e9:F0} {unit} | {measured.Peak / 1e9:F0} | {measured.Share * 100:F0} % " +
            $"| {measured.BestRate / 1e9:F0} | {measured.BestPeak / 1e9:F0} | {measured.BestRate / measured.BestPeak * 100:F0} % |");
}
