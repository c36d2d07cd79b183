using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>Stored numbers to fp32 and back: exhaustively from 16 bits, at random and at the edges from 32.</summary>
public sealed class ConversionTests
{
    private const int AllShorts = 1 << 16;

    public static TheoryData<string> InstructionSets => Backends.InstructionSets;

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Every_half_widens_exactly(string set)
    {
        using CpuBackend backend = Backends.Create(set);

        float[] wide = Widen(backend, ElementType.F16, AllBits());

        for (int bits = 0; bits < AllShorts; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            Assert.True(Same(expected, wide[bits]), $"Half 0x{bits:X4} became {wide[bits]}, not {expected}.");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Every_bfloat16_survives_the_way_to_fp32_and_back(string set)
    {
        using CpuBackend backend = Backends.Create(set);

        float[] wide = Widen(backend, ElementType.BF16, AllBits());
        ushort[] back = Narrow(backend, ElementType.BF16, wide);

        for (int bits = 0; bits < AllShorts; bits++)
        {
            Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(wide[bits]));
            if (float.IsNaN(wide[bits])) Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)back[bits] << 16)), $"NaN 0x{bits:X4} was lost.");
            else Assert.Equal((ushort)bits, back[bits]);
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Narrowing_rounds_to_nearest_even(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        float[] values = EdgesAndRandomBits();

        ushort[] halves = Narrow(backend, ElementType.F16, values);
        ushort[] brains = Narrow(backend, ElementType.BF16, values);

        for (int i = 0; i < values.Length; i++)
        {
            Half expected = (Half)values[i];
            Half half = BitConverter.UInt16BitsToHalf(halves[i]);
            Assert.True(BitConverter.HalfToUInt16Bits(expected) == halves[i] || (Half.IsNaN(expected) && Half.IsNaN(half)), $"{values[i]:R} became the half {half}.");
            float brain = BitConverter.UInt32BitsToSingle((uint)brains[i] << 16);
            Assert.True(Same(NearestBFloat16(values[i]), brain), $"{values[i]:R} became the bfloat16 {brain:R}.");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_weight_in_bfloat16_multiplies_like_its_rounded_numbers(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        SeededRandom random = new(31);
        float[] w = Grid.Random(random, 45 * 77);
        float[] rounded = [.. w.Select(NearestBFloat16)];
        using WeightMatrix packed = backend.Pack(MemoryMarshal.AsBytes(w.AsSpan()), ElementType.F32, 45, 77, ElementType.BF16);
        using WeightMatrix exact = backend.Pack(MemoryMarshal.AsBytes(rounded.AsSpan()), ElementType.F32, 45, 77, ElementType.F32);
        foreach (int m in new[] { 1, 3, 9 })
        {
            using var x = new Grid(backend, m, 77, Grid.Random(random, m * 77));
            using var first = new Grid(backend, m, 45, new float[m * 45]);
            using var second = new Grid(backend, m, 45, new float[m * 45]);

            backend.Multiply(x.View, packed, first.View);
            backend.Multiply(x.View, exact, second.View);

            Assert.Equal(second.Read(), first.Read());
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_weight_in_int8_is_off_by_half_a_step_of_its_output_at_most(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        SeededRandom random = new(32);
        const int Outputs = 45;
        const int Inputs = 77;
        float[] w = Grid.Random(random, Outputs * Inputs);
        for (int i = 0; i < Inputs; i++) w[i] = 0;
        using WeightMatrix packed = backend.Pack(MemoryMarshal.AsBytes(w.AsSpan()), ElementType.F32, Outputs, Inputs, ElementType.I8);
        var unit = new float[Inputs * Inputs];
        for (int i = 0; i < Inputs; i++) unit[(i * Inputs) + i] = 1;
        using var x = new Grid(backend, Inputs, Inputs, unit);
        using var y = new Grid(backend, Inputs, Outputs, new float[Inputs * Outputs]);

        backend.Multiply(x.View, packed, y.View);

        float[] widened = y.Read(); // [input][output]
        for (int output = 0; output < Outputs; output++)
        {
            float step = w.Skip(output * Inputs).Take(Inputs).Max(Math.Abs) / 127;
            for (int input = 0; input < Inputs; input++)
            {
                float error = Math.Abs(widened[(input * Outputs) + output] - w[(output * Inputs) + input]);
                Assert.True(error <= (0.5f * step) + 1e-6f, $"Output {output}, input {input} is off by {error} at a step of {step}.");
            }
        }
    }

    private static bool Same(float expected, float actual) =>
        BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(actual) || (float.IsNaN(expected) && float.IsNaN(actual));

    /// <summary>By comparing distances to both neighbours, not by bit arithmetic.</summary>
    private static float NearestBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (!float.IsFinite(value)) return float.IsNaN(value) ? float.NaN : value;
        float below = BitConverter.UInt32BitsToSingle(bits & 0xFFFF0000);
        float next = BitConverter.UInt32BitsToSingle((bits & 0xFFFF0000) + 0x10000);
        double above = float.IsFinite(next) ? next : Math.CopySign(Math.ScaleB(1, 128), value);
        double downwards = Math.Abs((double)value - below);
        double upwards = Math.Abs(above - value);
        bool belowIsEven = ((bits >> 16) & 1) == 0;
        return downwards < upwards || (downwards == upwards && belowIsEven) ? below : next;
    }

    private static byte[] AllBits() => MemoryMarshal.AsBytes(Enumerable.Range(0, AllShorts).Select(i => (ushort)i).ToArray().AsSpan()).ToArray();

    private static float[] EdgesAndRandomBits()
    {
        var values = new List<float> { 0, -0f, 65504, 65519.99f, 65520, 65536, 1e10f, float.MaxValue, -float.MaxValue, float.Epsilon, float.NaN, float.PositiveInfinity, float.NegativeInfinity };
        for (int i = 0; i < 2100; i++) values.AddRange([i * MathF.ScaleB(1, -25), 2048 + (i * 0.5f), MathF.BitIncrement(i * MathF.ScaleB(1, -25))]);
        SeededRandom random = new(30);
        for (int i = 0; i < 50_000; i++)
        {
            values.Add(BitConverter.UInt32BitsToSingle((uint)random.NextUInt64()));
            values.Add((float)Math.ScaleB((random.NextDouble() * 2) - 1, random.NextInt32(46) - 28));
        }

        return [.. values];
    }

    private static float[] Widen(CpuBackend backend, ElementType type, byte[] source)
    {
        int count = source.Length / 2;
        using DeviceBuffer buffer = backend.Allocate(count);
        backend.Upload(source, type, buffer.AsMatrix(1, count));
        var wide = new float[count];
        backend.Download(buffer.AsMatrix(1, count), ElementType.F32, MemoryMarshal.AsBytes(wide.AsSpan()));
        return wide;
    }

    private static ushort[] Narrow(CpuBackend backend, ElementType type, float[] values)
    {
        using DeviceBuffer buffer = backend.Allocate(values.Length);
        MatrixView view = buffer.AsMatrix(1, values.Length);
        backend.Upload(MemoryMarshal.AsBytes(values.AsSpan()), ElementType.F32, view);
        var narrow = new ushort[values.Length];
        backend.Download(view, type, MemoryMarshal.AsBytes(narrow.AsSpan()));
        return narrow;
    }
}
