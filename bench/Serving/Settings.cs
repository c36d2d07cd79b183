using System.Globalization;

namespace LatentDb.Serving;

/// <summary>What is put under which load.</summary>
internal sealed record Settings
{
    public string Model { get; init; } = "models/small";

    public Uri? Server { get; init; }

    public IReadOnlyList<string> Keys { get; init; } = [];

    public int Memories { get; init; } = 16;

    public int Tenants { get; init; } = 4;

    /// <summary>Requests a second, injects included; several are run one after the other.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [1, 2, 4];

    public double Seconds { get; init; } = 20;

    /// <summary>Share of the requests that write.</summary>
    public double Injects { get; init; } = 0.2;

    /// <summary>How many times as often as each other tenant the first one comes.</summary>
    public double Heavy { get; init; } = 1;

    public int PromptTokens { get; init; } = 32;

    public int InjectTokens { get; init; } = 512;

    public int MaxTokens { get; init; } = 32;

    /// <summary>An answer is good when its first token came within this.</summary>
    public double FirstTokenLimitMs { get; init; } = 1000;

    /// <summary>And when each further one took at most this, on average.</summary>
    public double TokenLimitMs { get; init; } = 100;

    public int MaxActive { get; init; } = 16;

    public long ResidentMegabytes { get; init; } = 8192;

    public string Weights { get; init; } = "auto";

    public int Seed { get; init; } = 1;

    public string? Out { get; init; }

    /// <summary>null = an option that there is not.</summary>
    public static Settings? Parse(ReadOnlySpan<string> arguments)
    {
        var settings = new Settings();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length || settings.With(arguments[i], arguments[i + 1]) is not { } changed) return null;
            settings = changed;
        }

        return settings;
    }

    private Settings? With(string option, string value) => option switch
    {
        "--model" => this with { Model = value },
        "--server" => this with { Server = new Uri(value) },
        "--keys" => this with { Keys = value.Split(',') },
        "--memories" => this with { Memories = (int)Number(value) },
        "--tenants" => this with { Tenants = (int)Number(value) },
        "--rates" => this with { Rates = [.. value.Split(',').Select(Number)] },
        "--seconds" => this with { Seconds = Number(value) },
        "--injects" => this with { Injects = Number(value) },
        "--heavy" => this with { Heavy = Number(value) },
        "--prompt-tokens" => this with { PromptTokens = (int)Number(value) },
        "--inject-tokens" => this with { InjectTokens = (int)Number(value) },
        "--max-tokens" => this with { MaxTokens = (int)Number(value) },
        "--first-token-ms" => this with { FirstTokenLimitMs = Number(value) },
        "--token-ms" => this with { TokenLimitMs = Number(value) },
        "--max-active" => this with { MaxActive = (int)Number(value) },
        "--resident-mb" => this with { ResidentMegabytes = (long)Number(value) },
        "--weights" => this with { Weights = value },
        "--seed" => this with { Seed = (int)Number(value) },
        "--out" => this with { Out = value },
        _ => null,
    };

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
