namespace LatentDb.ModelHost.Generation;

/// <summary>Makes tokens that are already in the text less likely: positive logits are divided, negative ones multiplied (Keskar et al. 2019).</summary>
internal sealed class RepetitionPenalty
{
    private readonly float _penalty;
    private readonly bool[] _isSeen;
    private readonly int[] _seen;
    private int _count;

    /// <param name="penalty">1 = off.</param>
    /// <param name="vocabularySize">Length of the logits.</param>
    public RepetitionPenalty(float penalty, int vocabularySize)
    {
        if (!(penalty > 0)) throw new ArgumentOutOfRangeException(nameof(penalty), penalty, "A penalty is above 0.");
        _penalty = penalty;
        bool isOn = !penalty.Equals(1f);
        _isSeen = isOn ? new bool[vocabularySize] : [];
        _seen = isOn ? new int[vocabularySize] : [];
    }

    /// <summary>A token of the prompt or of the answer; once or often makes no difference.</summary>
    public void Observe(int id)
    {
        if ((uint)id >= (uint)_isSeen.Length || _isSeen[id]) return;
        _isSeen[id] = true;
        _seen[_count++] = id;
    }

    /// <summary>In place.</summary>
    public void Apply(Span<float> logits)
    {
        foreach (int id in _seen.AsSpan(0, _count)) logits[id] = logits[id] > 0 ? Raise(logits[id]) : logits[id] * _penalty;
    }

    /// <summary>A penalty near 0 takes a logit beyond what a float holds; the highest there is means the same. One that came as infinite is a defect and stays.</summary>
    private float Raise(float logit)
    {
        float raised = logit / _penalty;
        return float.IsPositiveInfinity(raised) && float.IsFinite(logit) ? float.MaxValue : raised;
    }
}
