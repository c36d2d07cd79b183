using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Passes every call on and counts the work: what a cost guard compares instead of time.</summary>
internal sealed class CountingBackend(IComputeBackend inner) : IComputeBackend
{
    /// <summary>Multiply-adds of products and attention, elements that other operations touch, elements allocated, calls of the retriever.</summary>
    public Work Work { get; private set; }

    /// <summary>Query and key rows of every attention call.</summary>
    public List<(int Queries, int Keys)> Attentions { get; } = [];

    /// <summary>First position and rows of every rotation.</summary>
    public List<(int First, int Rows)> Rotations { get; } = [];

    /// <summary>Off where the lists' own growth would be counted as an allocation.</summary>
    public bool Records { get; set; } = true;

    public string Name => inner.Name;

    /// <summary>False plays a device with memory of its own.</summary>
    public bool SharesHostMemory { get; init; } = inner.SharesHostMemory;

    public Work Take()
    {
        Work taken = Work;
        Work = default;
        Attentions.Clear();
        Rotations.Clear();
        return taken;
    }

    public DeviceBuffer Allocate(long elements, ElementType type = ElementType.F32)
    {
        Work = Work with { Allocated = Work.Allocated + elements };
        return inner.Allocate(elements, type);
    }

    public WeightMatrix Pack(ReadOnlySpan<byte> rowMajor, ElementType source, int outputs, int inputs, ElementType storage) =>
        inner.Pack(rowMajor, source, outputs, inputs, storage);

    public void Upload(ReadOnlySpan<byte> source, ElementType type, MatrixView target)
    {
        Touch(target);
        inner.Upload(source, type, target);
    }

    public void Download(MatrixView source, ElementType type, Span<byte> target)
    {
        Touch(source);
        inner.Download(source, type, target);
    }

    public void Multiply(MatrixView x, WeightMatrix weight, MatrixView y, bool accumulate = false, float scale = 1)
    {
        Count(x, weight);
        inner.Multiply(x, weight, y, accumulate, scale);
    }

    public void MultiplyAll(MatrixView x, RowNorm? norm, ReadOnlySpan<WeightProduct> products)
    {
        if (norm is not null) Touch(x);
        foreach (WeightProduct product in products) Count(x, product.Weight);
        inner.MultiplyAll(x, norm, products);
    }

    public void GatedMultiply(MatrixView x, RowNorm? norm, WeightMatrix gate, WeightMatrix up, MatrixView y)
    {
        if (norm is not null) Touch(x);
        Count(x, gate);
        Count(x, up);
        Touch(y);
        inner.GatedMultiply(x, norm, gate, up, y);
    }

    public void RmsNorm(MatrixView x, MatrixView gain, float epsilon, MatrixView y)
    {
        Touch(x);
        inner.RmsNorm(x, gain, epsilon, y);
    }

    public void Rope(MatrixView x, int headSize, int firstPosition, ReadOnlySpan<float> inverseFrequencies)
    {
        Touch(x);
        if (Records) Rotations.Add((firstPosition, x.Rows));
        inner.Rope(x, headSize, firstPosition, inverseFrequencies);
    }

    public void Rope(MatrixView x, int headSize, ReadOnlySpan<int> positions, ReadOnlySpan<float> inverseFrequencies)
    {
        Touch(x);
        if (Records)
        {
            foreach (int position in positions) Rotations.Add((position, 1));
        }

        inner.Rope(x, headSize, positions, inverseFrequencies);
    }

    public void Attention(
        MatrixView q,
        ReadOnlySpan<AttentionSpan> sequences,
        ReadOnlySpan<KeySegment> segments,
        int headSize,
        ReadOnlySpan<float> inverseFrequencies,
        MatrixView output)
    {
        foreach (AttentionSpan sequence in sequences)
        {
            int keys = 0;
            foreach (KeySegment segment in segments.Slice(sequence.FirstSegment, sequence.Segments)) keys += segment.Rows;
            Work = Work with { Products = Work.Products + (2L * sequence.Rows * keys * q.Columns) };
            if (Records) Attentions.Add((sequence.Rows, keys));
        }

        inner.Attention(q, sequences, segments, headSize, inverseFrequencies, output);
    }

    public void SiluMultiply(MatrixView gate, MatrixView up)
    {
        Touch(gate);
        inner.SiluMultiply(gate, up);
    }

    public void Silu(MatrixView x)
    {
        Touch(x);
        inner.Silu(x);
    }

    public void Add(MatrixView x, MatrixView y)
    {
        Touch(x);
        inner.Add(x, y);
    }

    public void AddRow(MatrixView row, MatrixView y)
    {
        Touch(y);
        inner.AddRow(row, y);
    }

    public void Copy(MatrixView source, MatrixView target)
    {
        Touch(source);
        inner.Copy(source, target);
    }

    public void Gather(MatrixView table, ReadOnlySpan<int> indices, MatrixView target)
    {
        Touch(target);
        inner.Gather(table, indices, target);
    }

    public void RetrievalScores(MatrixView q, ReadOnlySpan<MatrixView> keys, Span<float> scores)
    {
        Work = Work with { Retrievals = Work.Retrievals + 1 };
        inner.RetrievalScores(q, keys, scores);
    }

    public void Dispose() => inner.Dispose();

    private void Count(MatrixView x, WeightMatrix weight) => Work = Work with { Products = Work.Products + ((long)x.Rows * weight.Inputs * weight.Outputs) };

    private void Touch(MatrixView view) => Work = Work with { Touched = Work.Touched + ((long)view.Rows * view.Columns) };
}

/// <summary>Counted work.</summary>
internal readonly record struct Work(long Products, long Touched, long Allocated, int Retrievals);
