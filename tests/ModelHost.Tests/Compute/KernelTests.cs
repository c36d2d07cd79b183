using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>Every operation of every instruction set against the double formulas, over random shapes with tails, gaps and empty matrices.</summary>
public sealed class KernelTests
{
    private const int Cases = 60;

    public static TheoryData<string> InstructionSets => Backends.InstructionSets;

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Multiply_is_the_product(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(1, seed);
            int m = random.NextInt32(30);
            int outputs = 1 + random.NextInt32(100);
            int inputs = 1 + random.NextInt32(seed % 4 == 0 ? 600 : 70);
            bool accumulate = random.NextInt32(2) == 1;
            float scale = accumulate ? 0.25f : 1;
            float[] x = Grid.Random(random, m * inputs);
            float[] w = Grid.Random(random, outputs * inputs);
            float[] before = Grid.Random(random, m * outputs);
            using var gridX = new Grid(backend, m, inputs, x);
            using var gridY = new Grid(backend, m, outputs, before);
            using WeightMatrix weight = backend.Pack(MemoryMarshal.AsBytes(w.AsSpan()), ElementType.F32, outputs, inputs, ElementType.F32);

            backend.Multiply(gridX.View, weight, gridY.View, accumulate, scale);

            double[] expected = DoubleReference.Multiply(x, w, m, outputs, inputs);
            for (int i = 0; i < expected.Length; i++) expected[i] = accumulate ? before[i] + (scale * expected[i]) : expected[i];
            Backends.AssertClose(expected, gridY.Read(), 2e-5, $"{m} x {inputs} x {outputs}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void RmsNorm_divides_by_the_root_of_the_mean_square(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(2, seed);
            int rows = random.NextInt32(5);
            int columns = 1 + random.NextInt32(200);
            float[] x = Grid.Random(random, rows * columns, 3);
            float[] gain = Grid.Random(random, columns);
            using var gridX = new Grid(backend, rows, columns, x);
            using var gridGain = new Grid(backend, 1, columns, gain);
            using var gridY = new Grid(backend, rows, columns, x);

            backend.RmsNorm(gridX.View, gridGain.View, 1e-5f, gridY.View);

            Backends.AssertClose(DoubleReference.RmsNorm(x, gain, 1e-5f), gridY.Read(), 2e-6, $"{rows} x {columns}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Rope_rotates_each_half_of_a_head_with_the_other(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(3, seed);
            int rows = random.NextInt32(9);
            int headSize = 2 * (1 + random.NextInt32(40));
            int columns = headSize * (1 + random.NextInt32(4));
            int firstPosition = random.NextInt32(3000);
            float[] x = Grid.Random(random, rows * columns);
            float[] frequencies = [.. Enumerable.Range(0, headSize / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / headSize))];
            using var grid = new Grid(backend, rows, columns, x);

            backend.Rope(grid.View, headSize, firstPosition, frequencies);

            double[] expected = DoubleReference.Rope(x, columns, headSize, firstPosition, frequencies);
            Backends.AssertClose(expected, grid.Read(), 1e-6, $"{rows} x {columns} from {firstPosition}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Attention_weighs_the_visible_keys(string set)
    {
        using CpuBackend one = Backends.Create(set, threads: 1);
        using CpuBackend two = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(4, seed);
            CpuBackend backend = random.NextInt32(2) == 0 ? one : two;
            int kvHeads = 1 + random.NextInt32(seed % 2 == 0 ? 11 : 3);
            int rows = random.NextInt32(seed % 5 == 0 ? 90 : 12);
            int keys = rows + random.NextInt32(seed % 3 == 0 ? 300 : 20);
            var shape = new AttentionShape(rows, keys, kvHeads * (1 + random.NextInt32(4)), kvHeads, 1 + random.NextInt32(70));
            int width = shape.Heads * shape.HeadSize;
            int kvWidth = kvHeads * shape.HeadSize;
            float[] q = Grid.Random(random, rows * width, 4);
            float[] k = Grid.Random(random, keys * kvWidth, 2);
            float[] v = Grid.Random(random, keys * kvWidth);
            using var gridQ = new Grid(backend, rows, width, q);
            using var gridK = new Grid(backend, keys, kvWidth, k);
            using var gridV = new Grid(backend, keys, kvWidth, v);
            using var gridOutput = new Grid(backend, rows, width, q);

            backend.Attend(gridQ.View, gridK.View, gridV.View, shape.HeadSize, gridOutput.View);

            Backends.AssertClose(DoubleReference.Attention(q, k, v, shape), gridOutput.Read(), 5e-6, $"{shape}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Silu_and_its_product_follow_the_formula(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(5, seed);
            int rows = random.NextInt32(4);
            int columns = 1 + random.NextInt32(130);
            float[] gate = Grid.Random(random, rows * columns, seed % 7 == 0 ? 120 : 10);
            float[] up = Grid.Random(random, rows * columns);
            using var gridGate = new Grid(backend, rows, columns, gate);
            using var gridPlain = new Grid(backend, rows, columns, gate);
            using var gridUp = new Grid(backend, rows, columns, up);

            backend.SiluMultiply(gridGate.View, gridUp.View);
            backend.Silu(gridPlain.View);

            Backends.AssertClose([.. gate.Select((g, i) => DoubleReference.Silu(g) * up[i])], gridGate.Read(), 1e-6, $"silu multiply, seed {seed}");
            Backends.AssertClose([.. gate.Select(g => DoubleReference.Silu(g))], gridPlain.Read(), 1e-6, $"silu, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Retrieval_scores_are_means_of_sigmoids(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(6, seed);
            int rows = 1 + random.NextInt32(80);
            int keys = random.NextInt32(60);
            int width = 1 + random.NextInt32(150);
            float[] q = Grid.Random(random, rows * width);
            float[] k = Grid.Random(random, keys * width);
            using var gridQ = new Grid(backend, rows, width, q);
            using var gridK = new Grid(backend, keys, width, k);
            var scores = new float[keys];

            backend.RetrievalScores(gridQ.View, [gridK.View], scores);

            Backends.AssertClose(DoubleReference.RetrievalScores(q, k, width), scores, 2e-6, $"{rows} x {keys} x {width}, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Add_add_row_copy_and_gather_move_the_right_rows(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(7, seed);
            int rows = 1 + random.NextInt32(7);
            int columns = 1 + random.NextInt32(90);
            float[] x = Grid.Random(random, rows * columns);
            float[] y = Grid.Random(random, rows * columns);
            int[] indices = [.. Enumerable.Range(0, 5).Select(_ => random.NextInt32(rows))];
            using var gridX = new Grid(backend, rows, columns, x);
            using var gridY = new Grid(backend, rows, columns, y);
            using var copy = new Grid(backend, rows, columns, y);
            using var gathered = new Grid(backend, indices.Length, columns, new float[indices.Length * columns]);

            backend.Copy(gridX.View, copy.View);
            backend.Gather(gridX.View, indices, gathered.View);
            backend.Add(gridX.View, gridY.View);
            backend.AddRow(gridX.View.SliceRows(rows - 1, 1), gridY.View);

            Assert.Equal(x, copy.Read());
            Assert.Equal(indices.SelectMany(i => x.Skip(i * columns).Take(columns)), gathered.Read());
            Assert.Equal(x.Select((value, i) => y[i] + value + x[((rows - 1) * columns) + (i % columns)]), gridY.Read());
        }
    }
}
