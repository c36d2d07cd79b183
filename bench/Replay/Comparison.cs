using System.Globalization;
using System.Text.RegularExpressions;

namespace LatentDb.Replay;

/// <summary>Compares what a replay got with what was recorded, and keeps the largest error of every kind of tensor.</summary>
internal sealed partial class Comparison(GoldenRule rule, GoldenTensors expected)
{
    private readonly SortedDictionary<string, KindResult> _kinds = new(StringComparer.Ordinal);
    private readonly HashSet<string> _compared = new(StringComparer.Ordinal);
    private readonly List<string> _failures = [];

    /// <summary>One line per expectation that does not hold.</summary>
    public IReadOnlyList<string> Failures => _failures;

    public IReadOnlyDictionary<string, KindResult> Kinds => _kinds;

    /// <summary>Compares one tensor; a name that was not recorded is passed over.</summary>
    public void Check(string name, ReadOnlySpan<double> got, params ReadOnlySpan<int> shape)
    {
        if (!expected.Has(name)) return;
        string kind = KindOf(name);
        _compared.Add(name);
        int[] wantShape = expected.Shape(name);
        if (!shape.SequenceEqual(wantShape))
        {
            Fail(kind, $"{name}: shape [{string.Join(", ", shape.ToArray())}] instead of [{string.Join(", ", wantShape)}]");
            return;
        }

        bool exact = rule.Exact.Contains(kind, StringComparer.Ordinal) || expected.IsWhole(name);
        double[] want = expected.Doubles(name);
        double largest = 0;
        int worst = 0;
        int wrong = 0;
        for (int i = 0; i < want.Length; i++)
        {
            double error = Math.Abs(got[i] - want[i]);
            if (double.IsNaN(error)) error = got[i].Equals(want[i]) ? 0 : double.PositiveInfinity;
            double allowed = exact ? 0 : rule.FloatAtol + (rule.FloatRtol * Math.Abs(want[i]));
            if (error > allowed) wrong++;
            if (error > largest) (largest, worst) = (error, i);
        }

        KindResult before = _kinds.GetValueOrDefault(kind) ?? new KindResult(0, 0, 0, exact);
        _kinds[kind] = before with { Tensors = before.Tensors + 1, Elements = before.Elements + want.Length, LargestError = Math.Max(before.LargestError, largest) };
        if (wrong > 0) Fail(kind, string.Create(CultureInfo.InvariantCulture, $"{name}: {wrong} of {want.Length} differ, worst at {worst}: got {got[worst]:G9}, want {want[worst]:G9}"));
    }

    public void Check(string name, ReadOnlySpan<long> got, params ReadOnlySpan<int> shape)
    {
        double[] values = new double[got.Length];
        for (int i = 0; i < values.Length; i++) values[i] = got[i];
        Check(name, values, shape);
    }

    /// <summary>A size that the case notes beside its tensors.</summary>
    public void CheckSize(string name, int got, int want)
    {
        if (got != want) Fail(KindOf(name), $"{name}: {got} rows instead of {want}");
    }

    /// <summary>What was recorded but never compared is a failure too, and so is what the manifest promises and the file lacks.</summary>
    public void CheckCompleteness(IEnumerable<string> names)
    {
        if (_compared.Count == 0) Fail("nothing", "the case records nothing that could be compared");
        foreach (string name in names.Concat(expected.Names).Distinct(StringComparer.Ordinal).Where(n => !_compared.Contains(n)))
        {
            Fail(KindOf(name), expected.Has(name) ? $"{name}: was not compared" : $"{name}: is not in the expected file");
        }
    }

    /// <summary>"s07.ltm_keys.2" is of kind "ltm_keys".</summary>
    public static string KindOf(string name) => TensorName().Match(name) is { Success: true } match ? match.Groups[1].Value : name;

    private void Fail(string kind, string what)
    {
        _failures.Add(what);
        _kinds[kind] = (_kinds.GetValueOrDefault(kind) ?? new KindResult(0, 0, 0, rule.Exact.Contains(kind))) with { Holds = false };
    }

    [GeneratedRegex(@"^s[0-9]+\.([a-z_]+?)(\.[0-9]+)?$")]
    private static partial Regex TensorName();
}

/// <summary>What was seen of one kind of tensor in one case.</summary>
internal sealed record KindResult(int Tensors, long Elements, double LargestError, bool Exact)
{
    public bool Holds { get; init; } = true;
}
