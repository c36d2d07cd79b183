namespace LatentDb.Store;

/// <summary>Measurements of one thing, of which the median counts.</summary>
internal sealed class Sample
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public double Median => At(0.5);

    public void Add(double value) => _values.Add(value);

    public void AddAll(IEnumerable<double> values) => _values.AddRange(values);

    /// <summary>The value below which that share of all values lies.</summary>
    public double At(double share) => _values.Order().ElementAt((int)((_values.Count - 1) * share));
}
