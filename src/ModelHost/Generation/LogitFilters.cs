namespace LatentDb.ModelHost.Generation;

/// <summary>Which tokens may be drawn and with what weight, after temperature, top-k and top-p. Reused for every token of an answer.</summary>
/// <remarks>
/// Order and meaning are those of Hugging Face: temperature, then the k likeliest, then the smallest set of those whose share reaches p. Among
/// equal logits the lower id comes first, so exactly k remain. Candidates are popped from a heap: a full sort of 128,256 is not needed.
/// </remarks>
internal sealed class LogitFilters
{
    private readonly float _temperature;
    private readonly int _topK;
    private readonly float _topP;
    private readonly int[] _ids;
    private readonly double[] _weights;

    /// <param name="temperature">Above 0.</param>
    /// <param name="topK">0 = all.</param>
    /// <param name="topP">(0, 1]; 1 = all.</param>
    /// <param name="vocabularySize">Length of the logits.</param>
    public LogitFilters(float temperature, int topK, float topP, int vocabularySize)
    {
        if (!(temperature > 0)) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "Sampling needs a temperature above 0.");
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        if (!(topP > 0 && topP <= 1)) throw new ArgumentOutOfRangeException(nameof(topP), topP, "0 < top_p <= 1.");
        _temperature = temperature;
        _topK = topK == 0 ? vocabularySize : Math.Min(topK, vocabularySize);
        _topP = topP;
        _ids = new int[vocabularySize];
        _weights = new double[vocabularySize];
    }

    /// <summary>Candidates of the last <see cref="Apply"/>; without top-k and top-p in order of id, else likeliest first.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>exp((logit - highest) / temperature) of each candidate.</summary>
    public ReadOnlySpan<double> Weights => _weights.AsSpan(0, Count);

    private int Count { get; set; }

    public void Apply(ReadOnlySpan<float> logits)
    {
        float highest = float.NegativeInfinity;
        foreach (float logit in logits) highest = Math.Max(highest, logit);
        for (int id = 0; id < logits.Length; id++)
        {
            _ids[id] = id;
            _weights[id] = Weight(logits[id], highest);
        }

        Count = logits.Length;
        if (_topK == logits.Length && _topP.Equals(1f)) return;
        SelectLikeliest(logits);
    }

    private double Weight(float logit, float highest) => Math.Exp((logit - highest) / (double)_temperature);

    /// <summary>Heap sort from the top, stopped as soon as enough candidates are out. The popped ones gather at the end of the array.</summary>
    private void SelectLikeliest(ReadOnlySpan<float> logits)
    {
        for (int i = (Count / 2) - 1; i >= 0; i--) SiftDown(logits, i, Count);
        double total = _topK < Count ? double.NaN : Sum(_weights.AsSpan(0, Count));
        int size = Count;
        int popped = 0;
        double reached = 0;
        double wanted = _topP * total;
        while (popped < _topK && !(reached >= wanted))
        {
            size--;
            popped++;
            (_ids[0], _ids[size]) = (_ids[size], _ids[0]);
            SiftDown(logits, 0, size);
            reached += _weights[_ids[size]];
        }

        _ids.AsSpan(size, popped).Reverse();
        _ids.AsSpan(size, popped).CopyTo(_ids);
        KeepWeights(logits, popped);
    }

    /// <summary>The heap read weights by id; from here on they stand beside their candidates. With top-k the share of top-p is one of the k.</summary>
    private void KeepWeights(ReadOnlySpan<float> logits, int candidates)
    {
        float highest = logits[_ids[0]];
        for (int i = 0; i < candidates; i++) _weights[i] = Weight(logits[_ids[i]], highest);
        Count = candidates;
        if (_topP.Equals(1f) || _topK == logits.Length) return;

        double wanted = _topP * Sum(_weights.AsSpan(0, candidates));
        double reached = 0;
        Count = 0;
        while (Count < candidates && reached < wanted) reached += _weights[Count++];
    }

    private void SiftDown(ReadOnlySpan<float> logits, int root, int size)
    {
        while ((2 * root) + 1 < size)
        {
            int child = (2 * root) + 1;
            if (child + 1 < size && IsBefore(logits, _ids[child + 1], _ids[child])) child++;
            if (!IsBefore(logits, _ids[child], _ids[root])) return;
            (_ids[root], _ids[child]) = (_ids[child], _ids[root]);
            root = child;
        }
    }

    private static bool IsBefore(ReadOnlySpan<float> logits, int a, int b) => logits[a] > logits[b] || (logits[a].Equals(logits[b]) && a < b);

    private static double Sum(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum;
    }
}
