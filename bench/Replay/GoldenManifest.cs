using System.Text.Json;
using System.Text.Json.Serialization;

namespace LatentDb.Replay;

/// <summary>manifest.json of a case: the steps, the files and the comparison rule. Keys that a replay does not need are ignored.</summary>
internal sealed record GoldenManifest
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true };

    public required string Case { get; init; }

    public required GoldenFiles Files { get; init; }

    public required GoldenDerived Derived { get; init; }

    public required GoldenStep[] Steps { get; init; }

    public required GoldenRule Compare { get; init; }

    public required Dictionary<string, GoldenTensor> Tensors { get; init; }

    /// <exception cref="InvalidDataException">The file is missing or is not such a manifest.</exception>
    public static GoldenManifest Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<GoldenManifest>(File.ReadAllText(path), Options) ?? throw new InvalidDataException($"{path} is empty.");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path} is not a case manifest: {error.Message}", error);
        }
    }
}

/// <summary>Paths relative to the case folder.</summary>
internal sealed record GoldenFiles(string Config, string Weights, string Inputs, string Expected);

/// <summary>What the case was run with beyond its config.json.</summary>
internal sealed record GoldenDerived
{
    [JsonPropertyName("rope_inv_freq")]
    public string RopeInverseFrequencies { get; init; } = "float32";
}

/// <summary>One call.</summary>
internal sealed record GoldenStep
{
    public required string Id { get; init; }

    /// <summary>forward, generate or inject.</summary>
    public required string Op { get; init; }

    /// <summary>Name of the ids in the inputs file.</summary>
    public required string Input { get; init; }

    public int MaxNewTokens { get; init; }

    public bool UpdateMemory { get; init; }

    public string[] Expect { get; init; } = [];

    public string[] Replay { get; init; } = [];
}

/// <summary>|got - want| at most atol + rtol |want|; the exact kinds bit for bit.</summary>
internal sealed record GoldenRule
{
    public required string[] Exact { get; init; }

    public required double FloatAtol { get; init; }

    public required double FloatRtol { get; init; }
}

/// <summary>What the manifest says of a tensor.</summary>
internal sealed record GoldenTensor(string Role, string Dtype, int[] Shape);
