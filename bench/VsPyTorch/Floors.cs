using System.Diagnostics;
using LatentDb.Kernels;
using LatentDb.ModelHost.Contracts;
using LatentDb.Store;

namespace LatentDb.VsPyTorch;

/// <summary>What the machine does at best, measured before the contests, and what each piece of work needs of it.</summary>
/// <param name="FlopsPerSecond">Multiply-adds in registers, counted as two.</param>
/// <param name="BytesPerSecond">Reading memory far beyond the last-level cache.</param>
internal sealed record Floors(double FlopsPerSecond, double BytesPerSecond)
{
    private const int Rounds = 9;
    private const long MemoryBytes = 512L << 20;

    public static Floors Measure(int threads)
    {
        using var peaks = new MachinePeaks(threads, MemoryBytes);
        peaks.Lasting(0.02);
        var flops = new Sample();
        var bytes = new Sample();
        for (int round = 0; round < Rounds; round++)
        {
            flops.Add(peaks.FmaFlops / Seconds(peaks.RunFma));
            bytes.Add(peaks.ReadBytes / Seconds(peaks.RunRead));
        }

        return new Floors(flops.Median, bytes.Median);
    }

    /// <summary>Seconds that work of so many operations and bytes cannot go below, whichever of the two takes longer.</summary>
    public double Seconds(double flops, double bytes) => Math.Max(flops / FlopsPerSecond, bytes / BytesPerSecond);

    private static double Seconds(Action work)
    {
        long began = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}

/// <summary>Operations and bytes of the model's work, from its shape; a multiply-add counts as two.</summary>
/// <param name="Model">Its sizes.</param>
/// <param name="LayerWeights">Numbers in the matrices of one layer, without the projectors.</param>
/// <param name="KvWidth">Width of a K or V row.</param>
/// <param name="ElementBytes">Of a stored weight and of a stored row.</param>
internal sealed record ModelCost(ModelDescription Model, double LayerWeights, int KvWidth, int ElementBytes)
{
    /// <summary>Bos, retrieved rows and pool.</summary>
    public int MemoryRows => 1 + Model.RetrievedRows + Model.PoolRows;

    /// <summary>A write: text and K old rows through K and V, the text through the rest, and causal attention over half of what it sees.</summary>
    public double InjectFlops(int tokens)
    {
        double prefix = 2.0 * 2 * Model.HiddenSize * KvWidth * Model.RowsPerWrite;
        double attention = 4.0 * Model.HiddenSize * tokens * (1 + Model.RowsPerWrite + (tokens / 2.0));
        double rows = 2.0 * 2 * Model.HiddenSize * KvWidth * Model.RowsPerWrite;
        return Model.Layers * ((2 * LayerWeights * tokens) + prefix + attention + rows);
    }

    /// <summary>A prompt: its own rows through the layers, attention over all memory rows, one row through the head.</summary>
    public double PrefillFlops(int tokens) =>
        (Model.Layers * ((2 * LayerWeights * tokens) + (4.0 * Model.HiddenSize * tokens * (MemoryRows + (tokens / 2.0))))) + HeadNumbers * 2;

    public double PrefillBytes => WeightBytes + MemoryBytes;

    /// <summary>One step of so many sessions.</summary>
    public double StepFlops(int sessions) =>
        sessions * ((Model.Layers * ((2 * LayerWeights) + (4.0 * Model.HiddenSize * MemoryRows))) + (HeadNumbers * 2));

    public double StepBytes(int sessions) => WeightBytes + (sessions * MemoryBytes);

    private double HeadNumbers => (double)Model.VocabularySize * Model.HiddenSize;

    private double WeightBytes => ElementBytes * ((Model.Layers * LayerWeights) + HeadNumbers);

    private double MemoryBytes => (double)ElementBytes * Model.Layers * 2 * KvWidth * MemoryRows;
}
