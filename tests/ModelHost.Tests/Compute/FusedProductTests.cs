using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>Products that share their rows, with a norm before and a gate behind them: the numbers of the single calls, bit for bit.</summary>
public sealed class FusedProductTests
{
    private const int Cases = 40;
    private const float Epsilon = 1e-5f;

    private static readonly ElementType[] Storages = [ElementType.F32, ElementType.BF16, ElementType.I8];

    public static TheoryData<string> InstructionSets => Backends.InstructionSets;

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Products_of_the_same_rows_have_the_bits_of_single_ones(string set)
    {
        using CpuBackend backend = Backends.Create(set, threads: 3);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(30, seed);
            using var rows = new NormedRows(backend, random, RowsOf(random, seed), 1 + random.NextInt32(seed % 3 == 0 ? 600 : 80));
            using var first = new Projected(rows, random);
            using var second = new Projected(rows, random);
            using var third = new Projected(rows, random);
            RowNorm? norm = seed % 2 == 0 ? rows.Norm : null;

            backend.MultiplyAll(rows.X.View, norm, [first.Product, second.Product, third.Product]);

            foreach (Projected product in new[] { first, second, third })
                Assert.Equal(product.Alone(norm is null ? rows.X.View : rows.Normed()), product.Y.Read());
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_gated_product_has_the_bits_of_its_parts(string set)
    {
        using CpuBackend backend = Backends.Create(set, threads: 3);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(31, seed);
            using var rows = new NormedRows(backend, random, RowsOf(random, seed), 1 + random.NextInt32(seed % 3 == 0 ? 600 : 80));
            using var gate = new Projected(rows, random);
            using var up = new Projected(rows, random, gate.Weight.Outputs);
            using var result = new Grid(backend, rows.Count, gate.Weight.Outputs, new float[rows.Count * gate.Weight.Outputs]);
            RowNorm? norm = seed % 2 == 0 ? rows.Norm : null;
            MatrixView x = norm is null ? rows.X.View : rows.Normed();
            backend.Multiply(x, gate.Weight, gate.Y.View);
            backend.Multiply(x, up.Weight, up.Y.View);
            backend.SiluMultiply(gate.Y.View, up.Y.View);

            backend.GatedMultiply(rows.X.View, norm, gate.Weight, up.Weight, result.View);

            Assert.Equal(gate.Y.Read(), result.Read());
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_gated_product_follows_the_formula(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        for (ulong seed = 0; seed < Cases; seed++)
        {
            SeededRandom random = SeededRandom.ForPart(32, seed);
            using var rows = new NormedRows(backend, random, random.NextInt32(20), 1 + random.NextInt32(60));
            float[] gate = Grid.Random(random, 50 * rows.Columns);
            float[] up = Grid.Random(random, 50 * rows.Columns);
            using WeightMatrix gateWeight = backend.Pack(MemoryMarshal.AsBytes(gate.AsSpan()), ElementType.F32, 50, rows.Columns, ElementType.F32);
            using WeightMatrix upWeight = backend.Pack(MemoryMarshal.AsBytes(up.AsSpan()), ElementType.F32, 50, rows.Columns, ElementType.F32);
            using var result = new Grid(backend, rows.Count, 50, new float[rows.Count * 50]);

            backend.GatedMultiply(rows.X.View, rows.Norm, gateWeight, upWeight, result.View);

            float[] normed = [.. rows.Expected().Select(value => (float)value)];
            double[] gates = DoubleReference.Multiply(normed, gate, rows.Count, 50, rows.Columns);
            double[] ups = DoubleReference.Multiply(normed, up, rows.Count, 50, rows.Columns);
            Backends.AssertClose([.. gates.Select((value, i) => DoubleReference.Silu(value) * ups[i])], result.Read(), 5e-5, $"seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void A_row_does_not_depend_on_the_rows_beside_it(string set)
    {
        using CpuBackend backend = Backends.Create(set);
        SeededRandom random = new(33);
        using var rows = new NormedRows(backend, random, 64, 300);
        using var gate = new Projected(rows, random, 70);
        using var up = new Projected(rows, random, 70);
        using var together = new Grid(backend, 64, 70, new float[64 * 70]);
        using var alone = new Grid(backend, 64, 70, new float[64 * 70]);

        backend.GatedMultiply(rows.X.View, rows.Norm, gate.Weight, up.Weight, together.View);
        for (int first = 0, count = 1; first < 64; first += count, count = Math.Min(count + 1, 64 - first))
            backend.GatedMultiply(rows.X.View.SliceRows(first, count), rows.Norm, gate.Weight, up.Weight, alone.View.SliceRows(first, count));

        Assert.Equal(together.Read(), alone.Read());
    }

    /// <summary>None, one, a few, some slivers, more than are packed at once.</summary>
    private static int RowsOf(SeededRandom random, ulong seed) => (seed % 5) switch { 0 => random.NextInt32(3), 4 => 384 + random.NextInt32(30), _ => random.NextInt32(50) };

    /// <summary>Rows with a gain.</summary>
    private sealed class NormedRows : IDisposable
    {
        private readonly float[] _values;
        private readonly float[] _gain;
        private readonly Grid _gainGrid;
        private readonly Grid _normed;

        public NormedRows(CpuBackend backend, SeededRandom random, int count, int columns)
        {
            Backend = backend;
            _values = Grid.Random(random, count * columns, 3);
            _gain = Grid.Random(random, columns);
            X = new Grid(backend, count, columns, _values);
            _gainGrid = new Grid(backend, 1, columns, _gain);
            _normed = new Grid(backend, count, columns, _values);
            Count = count;
            Columns = columns;
        }

        public CpuBackend Backend { get; }

        public Grid X { get; }

        public int Count { get; }

        public int Columns { get; }

        public RowNorm Norm => new(_gainGrid.View, Epsilon);

        public MatrixView Normed()
        {
            Backend.RmsNorm(X.View, _gainGrid.View, Epsilon, _normed.View);
            return _normed.View;
        }

        public double[] Expected() => Count == 0 ? [] : DoubleReference.RmsNorm(_values, _gain, Epsilon);

        public void Dispose()
        {
            X.Dispose();
            _gainGrid.Dispose();
            _normed.Dispose();
        }
    }

    /// <summary>A random weight and its result.</summary>
    private sealed class Projected : IDisposable
    {
        private readonly NormedRows _rows;

        public Projected(NormedRows rows, SeededRandom random, int? outputs = null)
        {
            _rows = rows;
            int width = outputs ?? 1 + random.NextInt32(400);
            byte[] numbers = MemoryMarshal.AsBytes(Grid.Random(random, width * rows.Columns).AsSpan()).ToArray();
            Weight = rows.Backend.Pack(numbers, ElementType.F32, width, rows.Columns, Storages[random.NextInt32(Storages.Length)]);
            Y = new Grid(rows.Backend, rows.Count, width, new float[rows.Count * width]);
        }

        public WeightMatrix Weight { get; }

        public Grid Y { get; }

        public WeightProduct Product => new(Weight, Y.View);

        /// <summary>The product by itself, in a matrix of its own.</summary>
        public float[] Alone(MatrixView x)
        {
            using var own = new Grid(_rows.Backend, _rows.Count, Weight.Outputs, new float[_rows.Count * Weight.Outputs]);
            _rows.Backend.Multiply(x, Weight, own.View);
            return own.Read();
        }

        public void Dispose()
        {
            Weight.Dispose();
            Y.Dispose();
        }
    }
}
