using System.Buffers.Binary;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Tests.Checkpoints;

/// <summary>Keeps what is packed and uploaded as plain fp32 arrays and counts what is alive; computes nothing.</summary>
internal sealed class FakeBackend : IComputeBackend
{
    public string Name => "fake";

    public bool SharesHostMemory => true;

    /// <summary>Buffers and matrices that were made and not disposed.</summary>
    public int Alive { get; private set; }

    /// <summary>After this many allocations the next one fails; null = never.</summary>
    public int? FailAfter { get; init; }

    private int _made;

    public DeviceBuffer Allocate(long elements, ElementType type = ElementType.F32) => new Buffer(this, elements, type);

    public WeightMatrix Pack(ReadOnlySpan<byte> rowMajor, ElementType source, int outputs, int inputs, ElementType storage)
    {
        Assert.Equal((long)outputs * inputs * source.Bytes(), rowMajor.Length);
        return new Matrix(this, ToSingles(rowMajor, source), storage, outputs, inputs);
    }

    public void Upload(ReadOnlySpan<byte> source, ElementType type, MatrixView target)
    {
        Assert.Equal((long)target.Rows * target.Columns * type.Bytes(), source.Length);
        float[] values = ToSingles(source, type);
        for (int row = 0; row < target.Rows; row++)
        {
            values.AsSpan(row * target.Columns, target.Columns).CopyTo(((Buffer)target.Buffer).Values.AsSpan((int)target.Offset + (row * target.Stride)));
        }
    }

    public static float[] Values(MatrixView view)
    {
        Assert.Equal(view.Columns, view.Stride);
        return ((Buffer)view.Buffer).Values.AsSpan((int)view.Offset, view.Rows * view.Columns).ToArray();
    }

    public static float[] Values(WeightMatrix matrix) => ((Matrix)matrix).Values;

    public static ElementType Storage(WeightMatrix matrix) => ((Matrix)matrix).Storage;

    public void Download(MatrixView source, ElementType type, Span<byte> target) => throw new NotSupportedException();

    public void Multiply(MatrixView x, WeightMatrix weight, MatrixView y, bool accumulate = false, float scale = 1) => throw new NotSupportedException();

    public void MultiplyAll(MatrixView x, RowNorm? norm, ReadOnlySpan<WeightProduct> products) => throw new NotSupportedException();

    public void GatedMultiply(MatrixView x, RowNorm? norm, WeightMatrix gate, WeightMatrix up, MatrixView y) => throw new NotSupportedException();

    public void RmsNorm(MatrixView x, MatrixView gain, float epsilon, MatrixView y) => throw new NotSupportedException();

    public void Rope(MatrixView x, int headSize, int firstPosition, ReadOnlySpan<float> inverseFrequencies) => throw new NotSupportedException();

    public void Rope(MatrixView x, int headSize, ReadOnlySpan<int> positions, ReadOnlySpan<float> inverseFrequencies) => throw new NotSupportedException();

    public void Attention(
        MatrixView q,
        ReadOnlySpan<AttentionSpan> sequences,
        ReadOnlySpan<KeySegment> segments,
        int headSize,
        ReadOnlySpan<float> inverseFrequencies,
        MatrixView output) => throw new NotSupportedException();

    public void SiluMultiply(MatrixView gate, MatrixView up) => throw new NotSupportedException();

    public void Silu(MatrixView x) => throw new NotSupportedException();

    public void Add(MatrixView x, MatrixView y) => throw new NotSupportedException();

    public void AddRow(MatrixView row, MatrixView y) => throw new NotSupportedException();

    public void Copy(MatrixView source, MatrixView target) => throw new NotSupportedException();

    public void Gather(MatrixView table, ReadOnlySpan<int> indices, MatrixView target) => throw new NotSupportedException();

    public void RetrievalScores(MatrixView q, ReadOnlySpan<MatrixView> keys, Span<float> scores) => throw new NotSupportedException();

    public void Dispose() => Assert.Equal(0, Alive);

    private static float[] ToSingles(ReadOnlySpan<byte> bytes, ElementType type)
    {
        float[] values = new float[bytes.Length / type.Bytes()];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> element = bytes[(i * type.Bytes())..];
            values[i] = type switch
            {
                ElementType.F32 => BinaryPrimitives.ReadSingleLittleEndian(element),
                ElementType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                ElementType.BF16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                _ => throw new NotSupportedException(),
            };
        }

        return values;
    }

    private void CountOne()
    {
        if (_made++ >= FailAfter) throw new InvalidOperationException("no memory left");
        Alive++;
    }

    private sealed class Buffer : DeviceBuffer
    {
        private readonly FakeBackend _owner;

        public Buffer(FakeBackend owner, long elements, ElementType type)
            : base(elements, type)
        {
            owner.CountOne();
            _owner = owner;
            Values = new float[elements];
        }

        public float[] Values { get; }

        protected override void Dispose(bool disposing) => _owner.Alive--;
    }

    private sealed class Matrix : WeightMatrix
    {
        private readonly FakeBackend _owner;

        public Matrix(FakeBackend owner, float[] values, ElementType storage, int outputs, int inputs)
            : base(outputs, inputs)
        {
            owner.CountOne();
            _owner = owner;
            Values = values;
            Storage = storage;
        }

        public float[] Values { get; }

        public ElementType Storage { get; }

        protected override void Dispose(bool disposing) => _owner.Alive--;
    }
}
