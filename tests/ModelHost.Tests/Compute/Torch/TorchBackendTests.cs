using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Torch;

namespace LatentDb.ModelHost.Tests.Compute.Torch;

/// <summary>
/// The back end that is compiled in with -p:Torch=cpu or cuda against the double formulas, on the processor: its arithmetic is the same on a GPU. Strided
/// views, tails and empty matrices as in <see cref="KernelTests"/>.
/// </summary>
public sealed class TorchBackendTests : IDisposable
{
    private const int Cases = 25;
    private const double Tolerance = 2e-5;

    private readonly TorchBackend _backend = new(isGpu: false, threads: 2);

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void Multiply_is_the_product()
    {
        ForEachSeed(1, (random, seed) =>
        {
            int m = random.NextInt32(20);
            int outputs = 1 + random.NextInt32(60);
            int inputs = 1 + random.NextInt32(90);
            bool accumulate = random.NextInt32(2) == 1;
            float scale = accumulate ? 0.25f : 1;
            float[] x = Grid.Random(random, m * inputs);
            float[] w = Grid.Random(random, outputs * inputs);
            float[] before = Grid.Random(random, m * outputs);
            using var gridX = new Grid(_backend, m, inputs, x);
            using var gridY = new Grid(_backend, m, outputs, before);
            using WeightMatrix weight = _backend.Pack(MemoryMarshal.AsBytes(w.AsSpan()), ElementType.F32, outputs, inputs, ElementType.F32);

            _backend.Multiply(gridX.View, weight, gridY.View, accumulate, scale);

            double[] expected = DoubleReference.Multiply(x, w, m, outputs, inputs);
            for (int i = 0; i < expected.Length; i++) expected[i] = accumulate ? before[i] + (scale * expected[i]) : expected[i];
            Backends.AssertClose(expected, gridY.Read(), Tolerance, seed);
        });
    }

    [Fact]
    public void Norm_silu_and_rotation_follow_their_formulas()
    {
        ForEachSeed(2, (random, seed) =>
        {
            int rows = random.NextInt32(5);
            int headSize = 2 * (1 + random.NextInt32(20));
            int columns = headSize * (1 + random.NextInt32(4));
            float[] x = Grid.Random(random, rows * columns, 3);
            float[] gain = Grid.Random(random, columns);
            float[] frequencies = [.. Enumerable.Range(0, headSize / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / headSize))];
            using var norm = new Grid(_backend, rows, columns, x);
            using var gridGain = new Grid(_backend, 1, columns, gain);
            using var silu = new Grid(_backend, rows, columns, x);
            using var rotated = new Grid(_backend, rows, columns, x);

            _backend.RmsNorm(norm.View, gridGain.View, 1e-5f, norm.View);
            _backend.Silu(silu.View);
            _backend.Rope(rotated.View, headSize, [.. Enumerable.Range(700, rows)], frequencies);

            Backends.AssertClose(DoubleReference.RmsNorm(x, gain, 1e-5), norm.Read(), Tolerance, seed);
            Backends.AssertClose([.. x.Select(value => DoubleReference.Silu(value))], silu.Read(), Tolerance, seed);
            Backends.AssertClose(DoubleReference.Rope(x, columns, headSize, 700, frequencies), rotated.Read(), Tolerance, seed);
        });
    }

    [Fact]
    public void Attention_over_segments_is_attention_over_their_rows()
    {
        ForEachSeed(3, (random, seed) =>
        {
            int kvHeads = 1 + random.NextInt32(3);
            var shape = new AttentionShape(1 + random.NextInt32(6), 0, kvHeads * (1 + random.NextInt32(3)), kvHeads, 2 * (1 + random.NextInt32(16)));
            shape = shape with { Keys = shape.Rows + random.NextInt32(40) };
            int width = shape.Heads * shape.HeadSize;
            int kvWidth = kvHeads * shape.HeadSize;
            float[] q = Grid.Random(random, shape.Rows * width, 3);
            float[] k = Grid.Random(random, shape.Keys * kvWidth);
            float[] v = Grid.Random(random, shape.Keys * kvWidth);
            float[] frequencies = [.. Enumerable.Range(0, shape.HeadSize / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / shape.HeadSize))];
            using var gridQ = new Grid(_backend, shape.Rows, width, q);
            using var gridK = new Grid(_backend, shape.Keys, kvWidth, k);
            using var gridV = new Grid(_backend, shape.Keys, kvWidth, v);
            using var output = new Grid(_backend, shape.Rows, width, q);
            int cut = random.NextInt32(shape.Keys - shape.Rows + 1);
            KeySegment[] segments =
            [
                new(gridK.View.SliceRows(0, cut), gridV.View.SliceRows(0, cut), 0, IsRotated: false),
                new(gridK.View.SliceRows(cut, shape.Keys - cut), gridV.View.SliceRows(cut, shape.Keys - cut), cut, IsRotated: true),
            ];

            _backend.Attention(gridQ.View, [new AttentionSpan(0, shape.Rows, 0, 2)], segments, shape.HeadSize, frequencies, output.View);

            double[] turned = DoubleReference.Rope(k[..(cut * kvWidth)], kvWidth, shape.HeadSize, 0, frequencies);
            float[] keys = [.. turned.Select(value => (float)value), .. k[(cut * kvWidth)..]];
            Backends.AssertClose(DoubleReference.Attention(q, keys, v, shape), output.Read(), Tolerance, seed);
        });
    }

    [Fact]
    public void Retrieval_scores_of_stored_keys_are_means_of_sigmoids()
    {
        ForEachSeed(4, (random, seed) =>
        {
            int rows = 1 + random.NextInt32(9);
            int keys = 2 + random.NextInt32(50);
            int width = 1 + random.NextInt32(40);
            float[] q = Grid.Random(random, rows * width);
            float[] k = [.. Grid.Random(random, keys * width).Select(value => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000))];
            using var gridQ = new Grid(_backend, rows, width, q);
            using DeviceBuffer stored = _backend.Allocate(keys * width, ElementType.BF16);
            MatrixView all = stored.AsMatrix(keys, width);
            _backend.Upload(MemoryMarshal.AsBytes(k.AsSpan()), ElementType.F32, all);
            var scores = new float[keys];

            _backend.RetrievalScores(gridQ.View, [all.SliceRows(0, 1), all.SliceRows(1, keys - 1)], scores);

            Backends.AssertClose(DoubleReference.RetrievalScores(q, k, width), scores, Tolerance, seed);
        });
    }

    [Fact]
    public void Rows_are_gathered_added_and_brought_back_as_they_were_stored()
    {
        ForEachSeed(5, (random, seed) =>
        {
            int columns = 1 + random.NextInt32(30);
            float[] x = Grid.Random(random, 4 * columns);
            using var table = new Grid(_backend, 4, columns, x);
            using var target = new Grid(_backend, 2, columns, new float[2 * columns]);
            _backend.Gather(table.View, [3, 1], target.View);
            _backend.AddRow(table.View.SliceRows(0, 1), target.View);

            double[] expected = [.. x[(3 * columns)..].Concat(x[columns..(2 * columns)]).Select((value, i) => (double)value + x[i % columns])];
            Backends.AssertClose(expected, target.Read(), Tolerance, seed);
        });
    }

    private static void ForEachSeed(ulong what, Action<SeededRandom, string> check)
    {
        for (ulong seed = 0; seed < Cases; seed++) check(SeededRandom.ForPart(what, seed), $"seed {seed}");
    }
}
