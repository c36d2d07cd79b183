namespace LatentDb.ModelHost.Checkpoints;

/// <summary>rope_theta and rope_scaling, and the frequencies that follow from them.</summary>
internal sealed record RopeScaling
{
    /// <summary>Width of one head; half as many frequencies.</summary>
    public required int HeadSize { get; init; }

    public required double Theta { get; init; }

    public RopeScalingKind Kind { get; init; }

    /// <summary>What linear divides positions by, and llama3 low frequencies.</summary>
    public double Factor { get; init; } = 1;

    public double LowFrequencyFactor { get; init; }

    public double HighFrequencyFactor { get; init; }

    /// <summary>original_max_position_embeddings of llama3.</summary>
    public int OriginalPositions { get; init; }

    /// <summary>What every position is multiplied by (interpolate_position_ids of MemoryLLM-7B); 1 elsewhere.</summary>
    public double PositionScale { get; init; } = 1;

    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: a kind of scaling that is not supported, or a bad value.</exception>
    public static RopeScaling Parse(ConfigObject config, int headSize, double positionScale)
    {
        // transformers 5 moves theta and scaling into one object.
        ConfigObject? joined = config.Object("rope_parameters");
        double theta = joined is not null && joined.Has("rope_theta") ? joined.Double("rope_theta") : config.Double("rope_theta", absent: 10000);
        if (theta <= 1) throw config.Wrong("rope_theta", $"is {theta}; it must be above 1.");
        var plain = new RopeScaling { HeadSize = headSize, Theta = theta, PositionScale = positionScale };
        ConfigObject? scaling = config.Object("rope_scaling") ?? joined;
        if (scaling is null) return plain;

        string kind = scaling.Text("rope_type") ?? scaling.Text("type") ?? "default";
        switch (kind)
        {
            case "default":
                return plain;
            case "linear":
                return plain with { Kind = RopeScalingKind.Linear, Factor = FactorOf(scaling) };
            case "llama3":
                return ParseLlama3(scaling, plain);
            default:
                throw scaling.Wrong("rope_type", $"is '{CheckpointErrors.Shorten(kind)}'; default, linear and llama3 are supported.");
        }
    }

    /// <summary>headSize / 2 angles per position. Computed in fp32 in the order of the reference, so that the roundings agree.</summary>
    public float[] InverseFrequencies(InverseFrequencyRounding rounding = InverseFrequencyRounding.None)
    {
        float[] result = new float[HeadSize / 2];
        for (int i = 0; i < result.Length; i++)
        {
            float exponent = 2 * i / (float)HeadSize;
            float frequency = 1 / (float)Math.Pow(Theta, exponent);
            if (Kind == RopeScalingKind.Llama3) frequency = StretchLlama3(frequency);

            // The reference keeps the rounded frequencies and scales positions, so the position factors come after the rounding.
            frequency = Round(frequency, rounding);
            if (Kind == RopeScalingKind.Linear) frequency /= (float)Factor;
            result[i] = (float)(frequency * PositionScale);
        }

        return result;
    }

    private static RopeScaling ParseLlama3(ConfigObject scaling, RopeScaling plain)
    {
        RopeScaling result = plain with
        {
            Kind = RopeScalingKind.Llama3,
            Factor = FactorOf(scaling),
            LowFrequencyFactor = scaling.Double("low_freq_factor"),
            HighFrequencyFactor = scaling.Double("high_freq_factor"),
            OriginalPositions = scaling.Int32("original_max_position_embeddings", 1, int.MaxValue),
        };
        if (result.LowFrequencyFactor <= 0) throw scaling.Wrong("low_freq_factor", "must be above 0.");
        if (result.HighFrequencyFactor <= result.LowFrequencyFactor) throw scaling.Wrong("high_freq_factor", "must be above low_freq_factor.");
        return result;
    }

    private static double FactorOf(ConfigObject scaling)
    {
        double factor = scaling.Double("factor");
        return factor >= 1 ? factor : throw scaling.Wrong("factor", $"is {factor}; it must be at least 1.");
    }

    /// <summary>transformers 4.48, _compute_llama3_parameters.</summary>
    private float StretchLlama3(float frequency)
    {
        float original = OriginalPositions;
        float low = (float)LowFrequencyFactor;
        float high = (float)HighFrequencyFactor;
        float wavelength = 2 * MathF.PI / frequency;
        if (wavelength > original / low) return frequency / (float)Factor;
        if (wavelength < original / high) return frequency;
        float smooth = ((original / wavelength) - low) / (high - low);
        return ((1 - smooth) * frequency / (float)Factor) + (smooth * frequency);
    }

    private static float Round(float value, InverseFrequencyRounding rounding) => rounding switch
    {
        InverseFrequencyRounding.BFloat16 => RoundToBFloat16(value),
        InverseFrequencyRounding.Float16 => (float)(Half)value,
        _ => value,
    };

    /// <summary>Round to nearest even on the upper 16 bits; value is finite.</summary>
    private static float RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        bits += 0x7FFF + ((bits >> 16) & 1);
        return BitConverter.UInt32BitsToSingle(bits & 0xFFFF_0000);
    }
}

/// <summary>How the frequencies of rotary positions are stretched.</summary>
internal enum RopeScalingKind
{
    /// <summary>theta^(-2i/headSize) as it is.</summary>
    None,

    /// <summary>Positions divided by a factor (Chen et al. 2023); the same as frequencies divided by it.</summary>
    Linear,

    /// <summary>Llama 3.1: low frequencies divided by a factor, high ones kept, a ramp between.</summary>
    Llama3,
}

/// <summary>
/// To what precision frequencies are rounded before use. The published M+ instructions cast the loaded model to bfloat16 once more, frequencies
/// included, as its training did; at position 12,801 that is another model, so it is a choice at load.
/// </summary>
internal enum InverseFrequencyRounding
{
    /// <summary>fp32, as computed.</summary>
    None,

    /// <summary>To bfloat16 and back.</summary>
    BFloat16,

    /// <summary>To binary16 and back.</summary>
    Float16,
}
