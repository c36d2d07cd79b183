namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>
/// Cosines and sines of every position so far, for each set of frequencies in use: a pool of 10 000 rows is rotated in every layer of every
/// step, and 64 sines a row would cost more than the rotation. Angles are fp32 products, as in Hugging Face's code.
/// </summary>
internal sealed class RopeTables
{
    /// <summary>Twice the longest context of a published Llama; 128 MiB at 128 numbers a row.</summary>
    public const int MostPositions = 1 << 18;

    // One model has one set, two with another scaling; more sets than this evict the oldest.
    private const int MostSets = 8;
    private const int SmallestTable = 1024;

    // Kernels load whole vectors, up to one behind the last row.
    private const int Slack = 16;

    private readonly Lock _gate = new();
    private Entry[] _entries = [];

    /// <summary>A table whose row p begins at p x 2 x frequencies and holds the cosines, then the sines, of position p; rows 0 to positions - 1 at least.</summary>
    public float[] Get(ReadOnlySpan<float> inverseFrequencies, int positions)
    {
        foreach (Entry entry in Volatile.Read(ref _entries))
        {
            if (entry.Positions >= positions && inverseFrequencies.SequenceEqual(entry.InverseFrequencies)) return entry.Table;
        }

        lock (_gate) return GrowSlow(inverseFrequencies.ToArray(), positions);
    }

    private static float[] Build(float[] inverseFrequencies, int positions)
    {
        int half = inverseFrequencies.Length;
        var table = new float[((long)positions * half * 2) + Slack];
        for (int position = 0; position < positions; position++)
        {
            Span<float> row = table.AsSpan(position * half * 2, half * 2);
            for (int i = 0; i < half; i++)
            {
                (row[half + i], row[i]) = MathF.SinCos(position * inverseFrequencies[i]);
            }
        }

        return table;
    }

    private float[] GrowSlow(float[] inverseFrequencies, int positions)
    {
        if (positions > MostPositions)
            throw new ArgumentOutOfRangeException(nameof(positions), positions, $"Rope knows positions below {MostPositions}.");
        int size = SmallestTable;
        while (size < positions) size *= 2;
        var grown = new Entry(inverseFrequencies, size, Build(inverseFrequencies, size));
        var entries = new List<Entry>(MostSets) { grown };
        foreach (Entry entry in _entries)
        {
            if (entries.Count < MostSets && !inverseFrequencies.AsSpan().SequenceEqual(entry.InverseFrequencies)) entries.Add(entry);
        }

        Volatile.Write(ref _entries, [.. entries]);
        return grown.Table;
    }

    private sealed record Entry(float[] InverseFrequencies, int Positions, float[] Table);
}
