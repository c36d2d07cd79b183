using System.Numerics;
using System.Runtime.InteropServices;

namespace LatentDb.ModelHost.Generation;

/// <summary>What is asked of every logit of a vocabulary for every token, in vectors: a step of many answers samples on one thread.</summary>
internal static class LogitScan
{
    /// <summary>The highest logit; NaN if any is NaN.</summary>
    public static float Highest(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var highest = new Vector<float>(float.NegativeInfinity);
        Vector<int> numbers = Vector<int>.AllBitsSet;
        foreach (Vector<float> vector in vectors)
        {
            highest = Vector.ConditionalSelect(Vector.GreaterThan(vector, highest), vector, highest);
            numbers &= Vector.Equals(vector, vector);
        }

        if (numbers != Vector<int>.AllBitsSet) return float.NaN;
        float best = float.NegativeInfinity;
        for (int i = 0; i < Vector<float>.Count; i++) best = Math.Max(best, highest[i]);
        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..]) best = Math.Max(best, logit); // Math.Max hands a NaN on
        return best;
    }

    /// <summary>The lowest id with this logit; -1 if none has it.</summary>
    public static int FirstId(ReadOnlySpan<float> logits, float value)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var wanted = new Vector<float>(value);
        int skipped = 0;
        while (skipped < vectors.Length && !Vector.EqualsAny(vectors[skipped], wanted)) skipped++;
        for (int id = skipped * Vector<float>.Count; id < logits.Length; id++)
        {
            if (logits[id].Equals(value)) return id;
        }

        return -1;
    }

    /// <summary>Sum of exp((logit - highest) / temperature).</summary>
    public static double TotalWeight(ReadOnlySpan<float> logits, float highest, float temperature)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var top = new Vector<double>(highest);
        var divisor = new Vector<double>(temperature);
        Vector<double> sum = Vector<double>.Zero;
        foreach (Vector<float> vector in vectors)
        {
            Vector.Widen(vector, out Vector<double> low, out Vector<double> high);
            sum += Vector.Exp((low - top) / divisor) + Vector.Exp((high - top) / divisor);
        }

        double total = Vector.Sum(sum);
        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..]) total += Weight(logit, highest, temperature);
        return total;
    }

    public static double Weight(float logit, float highest, float temperature) => Math.Exp(((double)logit - highest) / temperature);
}
