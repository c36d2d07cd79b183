using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDb.ModelHost.Checkpoints;

namespace LatentDb.Replay;

/// <summary>manifest.json of a case: the steps, the files and the comparison rule. Keys that a replay does not need are ignored.</summary>
internal sealed record GoldenManifest
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    public required string Case { get; init; }

    public required GoldenFiles Files { get; init; }

    public GoldenDerived Derived { get; init; } = new();

    public required GoldenStep[] Steps { get; init; }

    public required GoldenRule Compare { get; init; }

    /// <summary>What the case says of each input and expected tensor.</summary>
    public Dictionary<string, GoldenTensor> Tensors { get; init; } = [];

    /// <summary>Every tensor that a step or the table of tensors promises.</summary>
    [JsonIgnore]
    public IEnumerable<string> ExpectedNames => Steps.SelectMany(s => s.Expect).Concat(Tensors.Where(t => t.Value.Role == "expected").Select(t => t.Key));

    /// <exception cref="InvalidDataException">A tensor is missing or has another shape than the manifest says.</exception>
    public void CheckTensors(GoldenTensors inputs, GoldenTensors expected)
    {
        foreach ((string name, GoldenTensor tensor) in Tensors)
        {
            int[] shape = (tensor.Role == "input" ? inputs : expected).Shape(name);
            if (tensor.Shape is { } promised && !promised.AsSpan().SequenceEqual(shape))
            {
                throw new InvalidDataException($"'{name}' has shape [{string.Join(", ", shape)}]; the manifest says [{string.Join(", ", promised)}].");
            }
        }
    }

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

    /// <summary>The option at load that the text asks for.</summary>
    /// <exception cref="InvalidDataException">It names no precision that is known.</exception>
    [JsonIgnore]
    public InverseFrequencyRounding Rounding => RopeInverseFrequencies switch
    {
        var text when text.Contains("bfloat16", StringComparison.OrdinalIgnoreCase) => InverseFrequencyRounding.BFloat16,
        var text when text.Contains("float16", StringComparison.OrdinalIgnoreCase) => InverseFrequencyRounding.Float16,
        var text when text.Contains("float32", StringComparison.OrdinalIgnoreCase) => InverseFrequencyRounding.None,
        _ => throw new InvalidDataException($"rope_inv_freq '{RopeInverseFrequencies}' is not known; float32, bfloat16 and float16 are."),
    };
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

    public GoldenStateNote? StateNote { get; init; }
}

/// <summary>Sizes after an inject.</summary>
internal sealed record GoldenStateNote(int[]? LtmSizes = null, int? CachedPerLayer = null);

/// <summary>|got - want| at most atol + rtol |want|; the exact kinds bit for bit.</summary>
internal sealed record GoldenRule
{
    public required string[] Exact { get; init; }

    public required double FloatAtol { get; init; }

    public required double FloatRtol { get; init; }
}

/// <summary>What the manifest says of a tensor.</summary>
internal sealed record GoldenTensor(string Role, string? Dtype = null, int[]? Shape = null);
