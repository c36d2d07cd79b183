namespace LatentDb.ModelHost.Generation;

/// <summary>Which tokens may be drawn and with what weight, after temperature, top-k and top-p. Reused for every token of an answer.</summary>
/// <remarks>
/// Order and meaning are those of Hugging Face: temperature, then the k likeliest, then the smallest set of those whose share reaches p. Among
/// equal logits the lower id comes first, so exactly k remain. Only what may be drawn is sorted, never the 128,256 of a vocabulary.
/// </remarks>
internal sealed class LogitFilters
{
    // Candidates of an ordinary top-k or top-p; more grow the arrays once.
    private const int FirstCapacity = 1024;

    private readonly float _temperature;
    private readonly int _topK;
    private readonly float _topP;
    private int[] _ids;
    private double[] _weights;

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
        bool takesAll = _topK == vocabularySize && topP.Equals(1f);
        int capacity = takesAll || _topK < vocabularySize ? _topK : Math.Min(FirstCapacity, vocabularySize);
        _ids = new int[capacity];
        _weights = new double[capacity];
    }

    /// <summary>Candidates of the last <see cref="Apply"/>; without top-k and top-p in order of id, else likeliest first.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>exp((logit - highest) / temperature) of each candidate.</summary>
    public ReadOnlySpan<double> Weights => _weights.AsSpan(0, Count);

    private int Count { get; set; }

    /// <param name="logits">Numbers, of which the highest is finite.</param>
    public void Apply(ReadOnlySpan<float> logits)
    {
        float highest = LogitScan.Highest(logits);
        if (_topK < logits.Length)
        {
            TakeLikeliest(logits);
            Weigh(logits, highest);
            KeepShare(_topP * Sum(Weights));
        }
        else if (_topP < 1)
        {
            double total = LogitScan.TotalWeight(logits, highest, _temperature);
            TakeThatMatter(logits, highest, total);
            SortLikeliestFirst(logits);
            Weigh(logits, highest);
            KeepShare(_topP * total);
        }
        else
        {
            Count = logits.Length;
            for (int id = 0; id < Count; id++) _ids[id] = id;
            Weigh(logits, highest);
        }
    }

    private void Weigh(ReadOnlySpan<float> logits, float highest)
    {
        for (int i = 0; i < Count; i++) _weights[i] = LogitScan.Weight(logits[_ids[i]], highest, _temperature);
    }

    /// <summary>The k likeliest, likeliest first: a heap of k with the least likely on top, which most logits do not pass.</summary>
    private void TakeLikeliest(ReadOnlySpan<float> logits)
    {
        Count = _topK;
        for (int id = 0; id < Count; id++) _ids[id] = id;
        for (int i = (Count / 2) - 1; i >= 0; i--) SiftDown(logits, i, Count);
        for (int id = Count; id < logits.Length; id++)
        {
            if (!IsBefore(logits, id, _ids[0])) continue;
            _ids[0] = id;
            SiftDown(logits, 0, Count);
        }

        PopAll(logits);
    }

    /// <summary>
    /// Everything that top-p can reach, in order of id. The tokens below (1 - p) / vocabulary of the whole weigh at most 1 - p together, so
    /// the others reach p without them.
    /// </summary>
    private void TakeThatMatter(ReadOnlySpan<float> logits, float highest, double total)
    {
        double least = (1.0 - _topP) * total / logits.Length;
        double bound = highest + (_temperature * Math.Log(least));
        Count = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            if (logits[id] < bound) continue;
            if (Count == _ids.Length) Grow(logits.Length);
            _ids[Count++] = id;
        }
    }

    private void Grow(int most)
    {
        int capacity = Math.Min(most, 4 * _ids.Length);
        Array.Resize(ref _ids, capacity);
        Array.Resize(ref _weights, capacity);
    }

    private void SortLikeliestFirst(ReadOnlySpan<float> logits)
    {
        for (int i = (Count / 2) - 1; i >= 0; i--) SiftDown(logits, i, Count);
        PopAll(logits);
    }

    /// <summary>Heap sort: the least likely goes to the end again and again.</summary>
    private void PopAll(ReadOnlySpan<float> logits)
    {
        for (int size = Count - 1; size > 0; size--)
        {
            (_ids[0], _ids[size]) = (_ids[size], _ids[0]);
            SiftDown(logits, 0, size);
        }
    }

    /// <summary>The likeliest of the candidates that weigh <paramref name="wanted"/> together.</summary>
    private void KeepShare(double wanted)
    {
        if (_topP.Equals(1f)) return;
        int candidates = Count;
        double reached = 0;
        Count = 0;
        while (Count < candidates && reached < wanted) reached += _weights[Count++];
    }

    /// <summary>Restores a heap whose top is the least likely.</summary>
    private void SiftDown(ReadOnlySpan<float> logits, int root, int size)
    {
        while ((2 * root) + 1 < size)
        {
            int child = (2 * root) + 1;
            if (child + 1 < size && IsBefore(logits, _ids[child], _ids[child + 1])) child++;
            if (!IsBefore(logits, _ids[root], _ids[child])) return;
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
