using System.Globalization;

namespace LatentDb.VsPyTorch;

/// <summary>What is compared, with what.</summary>
internal sealed record Settings
{
    public static readonly string[] Contests = ["gemm", "inject", "ttft", "decode", "many", "bank"];

    public required IReadOnlySet<string> Chosen { get; init; }

    public string? Folder { get; init; }

    public string Model => Folder ?? $"artifacts/random-{Shape}";

    public string Shape { get; init; } = "100m";

    public string Python { get; init; } = "python3";

    public string Scripts { get; init; } = "training";

    public string? BlasCore { get; init; }

    public string Backend { get; init; } = "cpu";

    public int Threads { get; init; } = Environment.ProcessorCount;

    public int Rounds { get; init; } = 7;

    public string? Out { get; init; }

    public bool IsTiny => Shape == "tiny";

    public bool HasPeers => Python != "none";

    public static bool TryParse(string[] arguments, out Settings settings)
    {
        var chosen = new HashSet<string>(StringComparer.Ordinal);
        settings = new Settings { Chosen = chosen };
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "all") chosen.UnionWith(Contests);
            else if (Contests.Contains(arguments[i], StringComparer.Ordinal)) chosen.Add(arguments[i]);
            else if (++i == arguments.Length || With(settings, arguments[i - 1], arguments[i]) is not { } changed) return false;
            else settings = changed;
        }

        return chosen.Count > 0;
    }

    private static Settings? With(Settings settings, string option, string value) => option switch
    {
        "--model" => settings with { Folder = value },
        "--shape" => settings with { Shape = value },
        "--python" => settings with { Python = value },
        "--scripts" => settings with { Scripts = value },
        "--blas" => settings with { BlasCore = value },
        "--backend" => settings with { Backend = value },
        "--threads" => settings with { Threads = int.Parse(value, CultureInfo.InvariantCulture) },
        "--rounds" => settings with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
        "--out" => settings with { Out = value },
        _ => null,
    };
}
