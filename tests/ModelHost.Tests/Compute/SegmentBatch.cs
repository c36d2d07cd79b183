using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>
/// A batch of sequences, each with a pool of BF16 rows in many runs before rotation, then F32 text that is rotated; and the same in double precision.
/// </summary>
internal sealed class SegmentBatch : IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly List<IDisposable> _owned = [];
    private readonly List<AttentionSpan> _sequences = [];
    private readonly List<double> _expected = [];
    private readonly float[] _frequencies;
    private readonly Grid _q;
    private readonly Grid _output;
    private List<KeySegment> _segments = [];

    public SegmentBatch(IComputeBackend backend, SeededRandom random, BatchSize size)
    {
        _backend = backend;
        Size = size;
        _frequencies = Frequencies(size.HeadSize);
        int width = size.KvHeads * size.Group * size.HeadSize;
        int[] rows = [.. Enumerable.Range(0, size.Sequences).Select(_ => 1 + random.NextInt32(size.MostRows))];
        float[] q = Grid.Random(random, rows.Sum() * width, 3);
        for (int i = 0; i < size.Sequences; i++)
        {
            int first = rows.Take(i).Sum();
            AddSequence(random, first, rows[i], q.AsSpan(first * width, rows[i] * width).ToArray());
        }

        _q = new Grid(backend, rows.Sum(), width, q);
        _output = new Grid(backend, rows.Sum(), width, q);
    }

    public BatchSize Size { get; }

    private int Width => Size.KvHeads * Size.HeadSize;

    public static float[] Frequencies(int headSize) => [.. Enumerable.Range(0, headSize / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / headSize))];

    public double[] Expected() => [.. _expected];

    public float[] Attend()
    {
        _backend.Attention(_q.View, CollectionsMarshal.AsSpan(_sequences), CollectionsMarshal.AsSpan(_segments), Size.HeadSize, _frequencies, _output.View);
        return _output.Read();
    }

    public float[] AttendOneByOne()
    {
        foreach (AttentionSpan sequence in _sequences)
            _backend.Attention(_q.View, [sequence], CollectionsMarshal.AsSpan(_segments), Size.HeadSize, _frequencies, _output.View);
        return _output.Read();
    }

    /// <summary>Cuts segments in two where they allow it; the last of a sequence keeps its query rows.</summary>
    public void CutSegments(SeededRandom random)
    {
        var cut = new List<KeySegment>();
        for (int i = 0; i < _sequences.Count; i++)
        {
            AttentionSpan sequence = _sequences[i];
            int first = cut.Count;
            for (int s = 0; s < sequence.Segments; s++)
            {
                KeySegment segment = _segments[sequence.FirstSegment + s];
                int most = segment.Rows - (s == sequence.Segments - 1 ? sequence.Rows : 0);
                int at = random.NextInt32(most + 1);
                cut.Add(Part(segment, 0, at));
                cut.Add(Part(segment, at, segment.Rows - at));
            }

            _sequences[i] = sequence with { FirstSegment = first, Segments = cut.Count - first };
        }

        _segments = cut;
    }

    public void Dispose()
    {
        _q.Dispose();
        _output.Dispose();
        foreach (IDisposable owned in _owned) owned.Dispose();
    }

    private static KeySegment Part(KeySegment segment, int first, int rows) => segment with
    {
        Keys = segment.Keys.SliceRows(first, rows),
        Values = segment.Values.SliceRows(first, rows),
        FirstPosition = segment.FirstPosition + first,
    };

    private void AddSequence(SeededRandom random, int firstRow, int rows, float[] q)
    {
        int firstSegment = _segments.Count;
        var keys = new List<float>();
        var values = new List<float>();
        int position = random.NextInt32(100);
        for (int left = Size.PoolRows; left > 0;)
        {
            int run = Math.Min(left, 1 + random.NextInt32(left > 400 ? 400 : 30));
            AddSegment(random, run, ElementType.BF16, position, isRotated: false, keys, values);
            position += run;
            left -= run;
        }

        AddSegment(random, rows + random.NextInt32(20), ElementType.F32, position, isRotated: true, keys, values);
        _sequences.Add(new AttentionSpan(firstRow, rows, firstSegment, _segments.Count - firstSegment));
        var shape = new AttentionShape(rows, keys.Count / Width, Size.KvHeads * Size.Group, Size.KvHeads, Size.HeadSize);
        _expected.AddRange(DoubleReference.Attention(q, [.. keys], [.. values], shape));
    }

    private void AddSegment(SeededRandom random, int rows, ElementType type, int position, bool isRotated, List<float> allKeys, List<float> allValues)
    {
        (MatrixView keys, float[] numbers) = Rows(random, rows, type);
        (MatrixView values, float[] valueNumbers) = Rows(random, rows, type);
        _segments.Add(new KeySegment(keys, values, position, isRotated));
        double[] rotated = isRotated ? [.. numbers.Select(n => (double)n)] : DoubleReference.Rope(numbers, Width, Size.HeadSize, position, _frequencies);
        allKeys.AddRange(rotated.Select(n => (float)n));
        allValues.AddRange(valueNumbers);
    }

    private (MatrixView View, float[] Numbers) Rows(SeededRandom random, int rows, ElementType type)
    {
        float[] numbers = Grid.Random(random, rows * Width);
        byte[] bytes = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
        if (type == ElementType.BF16)
        {
            ushort[] upper = [.. numbers.Select(n => (ushort)(BitConverter.SingleToUInt32Bits(n) >> 16))];
            for (int i = 0; i < numbers.Length; i++) numbers[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
            bytes = MemoryMarshal.AsBytes(upper.AsSpan()).ToArray();
        }

        DeviceBuffer buffer = _backend.Allocate((long)rows * Width, type);
        _owned.Add(buffer);
        MatrixView view = buffer.AsMatrix(rows, Width);
        _backend.Upload(bytes, type, view);
        return (view, numbers);
    }
}
