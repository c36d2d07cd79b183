using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>What must be equal bit for bit: products in every instruction set and row by row, and everything for every number of threads.</summary>
public sealed class DeterminismTests
{
    private const int Cases = 25;

    public static TheoryData<string> InstructionSets => Backends.InstructionSets;

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_product_has_the_bits_of_the_scalar_reference(string set)
    {
        using CpuBackend scalar = Backends.Create("Scalar", threads: 1);
        using CpuBackend backend = Backends.Create(set, threads: 3);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(20, seed);
            var shape = new ProductShape(random.NextInt32(seed % 6 == 0 ? 450 : 40), 1 + random.NextInt32(300), 1 + random.NextInt32(700));
            ElementType storage = random.NextInt32(3) switch { 0 => ElementType.F32, 1 => ElementType.BF16, _ => ElementType.I8 };

            Assert.Equal(Product(scalar, shape, storage, seed), Product(backend, shape, storage, seed));
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_row_of_a_product_does_not_depend_on_the_other_rows(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        SeededRandom random = new(21);
        using var x = new Grid(backend, 40, 300, Grid.Random(random, 40 * 300));
        using var together = new Grid(backend, 40, 70, new float[40 * 70]);
        using var alone = new Grid(backend, 40, 70, new float[40 * 70]);
        using WeightMatrix weight = backend.Pack(MemoryMarshal.AsBytes(Grid.Random(random, 70 * 300).AsSpan()), ElementType.F32, 70, 300, ElementType.BF16);

        backend.Multiply(x.View, weight, together.View);
        for (int first = 0, count = 1; first < 40; first += count, count = Math.Min(count + 1, 40 - first))
            backend.Multiply(x.View.SliceRows(first, count), weight, alone.View.SliceRows(first, count));

        Assert.Equal(together.Read(), alone.Read());
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Attention_of_a_row_depends_on_what_it_sees_only(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        SeededRandom random = new(22);
        const int Rows = 60;
        const int Keys = 250;
        const int Width = 4 * 24;
        using var q = new Grid(backend, Rows, Width, Grid.Random(random, Rows * Width, 3));
        using var k = new Grid(backend, Keys, 2 * 24, Grid.Random(random, Keys * 2 * 24));
        using var v = new Grid(backend, Keys, 2 * 24, Grid.Random(random, Keys * 2 * 24));
        using var together = new Grid(backend, Rows, Width, new float[Rows * Width]);
        using var inParts = new Grid(backend, Rows, Width, new float[Rows * Width]);

        backend.Attend(q.View, k.View, v.View, 24, together.View);
        for (int first = 0; first < Rows; first += 20)
        {
            int seen = Keys - Rows + first + 20;
            backend.Attend(q.View.SliceRows(first, 20), k.View.SliceRows(0, seen), v.View.SliceRows(0, seen), 24, inParts.View.SliceRows(first, 20));
        }

        Assert.Equal(together.Read(), inParts.Read());
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void The_number_of_threads_changes_no_bit(string set)
    {
        float[] one = RunEverything(set, threads: 1);
        foreach (int threads in new[] { 2, 3, 7 }) Assert.Equal(one, RunEverything(set, threads));
    }

    private static float[] Product(CpuBackend backend, ProductShape shape, ElementType storage, ulong seed)
    {
        SeededRandom random = new(seed);
        bool accumulate = seed % 2 == 0;
        using var x = new Grid(backend, shape.Rows, shape.Inputs, Grid.Random(random, shape.Rows * shape.Inputs));
        using var y = new Grid(backend, shape.Rows, shape.Outputs, Grid.Random(random, shape.Rows * shape.Outputs));
        byte[] numbers = MemoryMarshal.AsBytes(Grid.Random(random, shape.Outputs * shape.Inputs).AsSpan()).ToArray();
        using WeightMatrix weight = backend.Pack(numbers, ElementType.F32, shape.Outputs, shape.Inputs, storage);
        backend.Multiply(x.View, weight, y.View, accumulate, accumulate ? 0.3f : 1);
        return y.Read();
    }

    private static float[] RunEverything(string set, int threads)
    {
        using CpuBackend backend = Backends.Create(set, threads);
        SeededRandom random = new(23);
        using var x = new Grid(backend, 150, 256, Grid.Random(random, 150 * 256));
        using var keys = new Grid(backend, 400, 256, Grid.Random(random, 400 * 256));
        using var y = new Grid(backend, 150, 256, new float[150 * 256]);
        using var other = new Grid(backend, 150, 256, new float[150 * 256]);
        using var gain = new Grid(backend, 1, 256, Grid.Random(random, 256));
        using WeightMatrix weight = backend.Pack(MemoryMarshal.AsBytes(Grid.Random(random, 256 * 256).AsSpan()), ElementType.F32, 256, 256, ElementType.F32);
        var scores = new float[400];

        backend.RmsNorm(x.View, gain.View, 1e-5f, y.View);
        backend.Multiply(y.View, weight, x.View);
        backend.Multiply(y.View.SliceRows(0, 1), weight, x.View.SliceRows(0, 1));
        backend.Rope(x.View, 64, 17, [.. Enumerable.Range(0, 32).Select(i => 1f / (i + 1))]);
        backend.Attend(x.View, keys.View, keys.View, 64, y.View);
        backend.Attend(x.View.SliceRows(0, 1), keys.View, keys.View, 64, y.View.SliceRows(0, 1));
        backend.SiluMultiply(y.View, x.View);
        backend.AddRow(gain.View, y.View);
        backend.GatedMultiply(y.View, new RowNorm(gain.View, 1e-5f), weight, weight, x.View);
        backend.MultiplyAll(x.View, new RowNorm(gain.View, 1e-5f), [new WeightProduct(weight, y.View), new WeightProduct(weight, other.View)]);
        backend.Add(other.View, y.View);
        backend.RetrievalScores(y.View, [keys.View], scores);
        return [.. y.Read(), .. scores];
    }

    private sealed record ProductShape(int Rows, int Outputs, int Inputs);
}
