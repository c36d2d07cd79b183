using LatentDb.ModelHost.Checkpoints;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class RopeScalingTests
{
    private static readonly RopeScaling Plain = new() { HeadSize = 128, Theta = 500000 };

    /// <summary>What Llama 3.1 sets.</summary>
    private static readonly RopeScaling Llama31 = Plain with
    {
        Kind = RopeScalingKind.Llama3,
        Factor = 8,
        LowFrequencyFactor = 1,
        HighFrequencyFactor = 4,
        OriginalPositions = 8192,
    };

    [Fact]
    public void Frequencies_fall_from_one_by_powers_of_theta()
    {
        float[] frequencies = Plain.InverseFrequencies();

        Assert.Equal(64, frequencies.Length);
        for (int i = 0; i < 64; i++) AssertClose(Math.Pow(500000, -2.0 * i / 128), frequencies[i]);
    }

    [Fact]
    public void Linear_scaling_divides_every_frequency_by_the_factor()
    {
        float[] frequencies = (Plain with { Kind = RopeScalingKind.Linear, Factor = 1.8125 }).InverseFrequencies();

        for (int i = 0; i < 64; i++) AssertClose(Math.Pow(500000, -2.0 * i / 128) / 1.8125, frequencies[i]);
    }

    [Fact]
    public void Interpolated_positions_multiply_every_frequency_by_the_scale()
    {
        float[] frequencies = (Plain with { PositionScale = 4096.0 / 7936 }).InverseFrequencies();

        for (int i = 0; i < 64; i++) AssertClose(Math.Pow(500000, -2.0 * i / 128) * 4096 / 7936, frequencies[i]);
    }

    [Fact]
    public void Llama_3_keeps_high_frequencies_divides_low_ones_and_ramps_between()
    {
        float[] frequencies = Llama31.InverseFrequencies();
        int[] regions = new int[3];

        for (int i = 0; i < 64; i++)
        {
            double plain = Math.Pow(500000, -2.0 * i / 128);
            double wavelength = 2 * Math.PI / plain;
            double smooth = ((8192 / wavelength) - 1) / 3;
            int region = wavelength < 8192.0 / 4 ? 0 : wavelength > 8192 ? 1 : 2;
            regions[region]++;
            AssertClose(region switch { 0 => plain, 1 => plain / 8, _ => ((1 - smooth) * plain / 8) + (smooth * plain) }, frequencies[i], tolerance: 1e-5);
        }

        Assert.All(regions, count => Assert.NotEqual(0, count));
    }

    [Fact]
    public void Rounding_to_bfloat16_leaves_eight_significant_bits_and_the_nearest_even()
    {
        float[] exact = Llama31.InverseFrequencies();
        float[] rounded = Llama31.InverseFrequencies(InverseFrequencyRounding.BFloat16);

        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(0u, BitConverter.SingleToUInt32Bits(rounded[i]) & 0xFFFF);
            Assert.InRange(Math.Abs(rounded[i] - exact[i]) / exact[i], 0, Math.Pow(2, -8));
        }

        Assert.NotEqual(exact, rounded);
    }

    [Fact]
    public void Rounding_to_binary16_goes_through_half()
    {
        float[] rounded = Plain.InverseFrequencies(InverseFrequencyRounding.Float16);

        Assert.Equal(Plain.InverseFrequencies().Select(f => (float)(Half)f), rounded);
    }

    [Fact]
    public void Linear_scaling_comes_after_rounding_because_it_scales_positions()
    {
        RopeScaling linear = Plain with { Kind = RopeScalingKind.Linear, Factor = 3 };

        Assert.Equal(Plain.InverseFrequencies(InverseFrequencyRounding.BFloat16).Select(f => f / 3f), linear.InverseFrequencies(InverseFrequencyRounding.BFloat16));
    }

    private static void AssertClose(double expected, float actual, double tolerance = 3e-7) => Assert.InRange(actual, expected * (1 - tolerance), expected * (1 + tolerance));
}
