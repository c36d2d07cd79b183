using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace LatentDb.ModelHost.Compute.Torch;

/// <summary>
/// The library's operations behind our interface, on a GPU or on the processor. Thin: whatever has logic of its own is above or in the cpu back end. What
/// it promises less: the library picks kernels by shape, so a row's last bits may depend on the rows beside it; and on a GPU a product with BF16 weights
/// rounds its operand and its result to BF16, as PyTorch does.
/// </summary>
internal sealed class TorchBackend : IComputeBackend
{
    private readonly Device _device;
    private readonly bool _isGpu;
    private readonly HostTransfers _transfers;
    private bool _disposed;

    /// <param name="isGpu">The first CUDA device; else the processor.</param>
    /// <param name="threads">Of the library, on the processor.</param>
    public TorchBackend(bool isGpu, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        set_num_threads(threads);
        _isGpu = isGpu;
        _device = device(isGpu ? "cuda" : "cpu");
        _transfers = new HostTransfers(_device, isGpu);
        Name = isGpu ? "torch (cuda)" : $"torch (cpu, {threads} {(threads == 1 ? "thread" : "threads")})";
    }

    public string Name { get; }

    public bool SharesHostMemory => !_isGpu;

    public DeviceBuffer Allocate(long elements, ElementType type = ElementType.F32)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new TorchBuffer(_device, elements, type);
    }

    public WeightMatrix Pack(ReadOnlySpan<byte> rowMajor, ElementType source, int outputs, int inputs, ElementType storage)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentShapes.HostBytes(rowMajor.Length, source, (long)outputs * inputs, nameof(rowMajor));
        if (storage is not (ElementType.F32 or ElementType.BF16)) throw new ArgumentException($"Weights are stored as F32 or BF16, not {storage}.", nameof(storage));
        using Call call = Begin();
        Tensor matrix = empty([outputs, inputs], TorchTypes.Of(storage), _device);
        _transfers.Upload(rowMajor, TorchTypes.Of(source), matrix);

        // A processor without BF16 products widens the whole weight at every call; held in fp32 it does so once.
        return new TorchWeights((_isGpu ? matrix : matrix.to(ScalarType.Float32)).DetachFromDisposeScope());
    }

    public void Upload(ReadOnlySpan<byte> source, ElementType type, MatrixView target)
    {
        ArgumentShapes.HostBytes(source.Length, type, (long)target.Rows * target.Columns, nameof(source));
        using Call call = Begin();
        _transfers.Upload(source, TorchTypes.Of(type), TorchBuffer.Open(target, nameof(target)));
    }

    public void Download(MatrixView source, ElementType type, Span<byte> target)
    {
        ArgumentShapes.HostBytes(target.Length, type, (long)source.Rows * source.Columns, nameof(target));
        using Call call = Begin();
        HostTransfers.Download(TorchBuffer.Open(source, nameof(source)), TorchTypes.Of(type), target);
    }

    public void Multiply(MatrixView x, WeightMatrix weight, MatrixView y, bool accumulate = false, float scale = 1)
    {
        if (weight is not TorchWeights { Matrix: var matrix }) throw new ArgumentException("The weight was not packed by the torch back end.", nameof(weight));
        ArgumentShapes.Equal(x.Columns, weight.Inputs, "The columns of x", nameof(x));
        ArgumentShapes.Equal(y.Columns, weight.Outputs, "The columns of y", nameof(y));
        ArgumentShapes.Equal(y.Rows, x.Rows, "The rows of y", nameof(y));
        ArgumentShapes.Distinct(y, x, nameof(y));
        if (!accumulate && scale != 1) throw new ArgumentException("Only an accumulating product has a scale.", nameof(scale));
        using Call call = Begin();
        Tensor product = TorchBuffer.Open(x, nameof(x)).to(matrix.dtype).mm(matrix.t());
        Tensor target = TorchBuffer.Open(y, nameof(y));
        if (accumulate) target.add_(product.to(ScalarType.Float32) * scale);
        else target.copy_(product);
    }

    public void MultiplyAll(MatrixView x, RowNorm? norm, ReadOnlySpan<WeightProduct> products)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(products.Length, IComputeBackend.MostProducts, nameof(products));
        if (norm is not { } by)
        {
            foreach (ref readonly WeightProduct product in products) Multiply(x, product.Weight, product.Y);
            return;
        }

        using DeviceBuffer buffer = Allocate((long)x.Rows * x.Columns);
        MatrixView normed = buffer.AsMatrix(x.Rows, x.Columns);
        RmsNorm(x, by.Gain, by.Epsilon, normed);
        MultiplyAll(normed, norm: null, products);
    }

    public void GatedMultiply(MatrixView x, RowNorm? norm, WeightMatrix gate, WeightMatrix up, MatrixView y)
    {
        using DeviceBuffer buffer = Allocate((long)y.Rows * y.Columns);
        MatrixView other = buffer.AsMatrix(y.Rows, y.Columns);
        MultiplyAll(x, norm, [new WeightProduct(gate, y), new WeightProduct(up, other)]);
        SiluMultiply(y, other);
    }

    public void RmsNorm(MatrixView x, MatrixView gain, float epsilon, MatrixView y)
    {
        ArgumentShapes.Row(gain, x.Columns, nameof(gain));
        ArgumentShapes.SameShape(y, x, nameof(y));
        using Call call = Begin();
        Tensor rows = TorchBuffer.Open(x, nameof(x));
        Tensor scale = (rows.square().mean([1L], true) + epsilon).rsqrt();
        TorchBuffer.Open(y, nameof(y)).copy_(rows * scale * TorchBuffer.Open(gain, nameof(gain)));
    }

    public void Rope(MatrixView x, int headSize, int firstPosition, ReadOnlySpan<float> inverseFrequencies)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        float[] positions = new float[x.Rows];
        for (int row = 0; row < positions.Length; row++) positions[row] = firstPosition + row;
        Rotate(x, headSize, positions, inverseFrequencies);
    }

    public void Rope(MatrixView x, int headSize, ReadOnlySpan<int> positions, ReadOnlySpan<float> inverseFrequencies)
    {
        ArgumentShapes.Equal(positions.Length, x.Rows, "The number of positions", nameof(positions));
        float[] wide = new float[x.Rows];
        for (int row = 0; row < wide.Length; row++) wide[row] = positions[row];
        Rotate(x, headSize, wide, inverseFrequencies);
    }

    public void Attention(
        MatrixView q,
        ReadOnlySpan<AttentionSpan> sequences,
        ReadOnlySpan<KeySegment> segments,
        int headSize,
        ReadOnlySpan<float> inverseFrequencies,
        MatrixView output)
    {
        ArgumentShapes.SameShape(output, q, nameof(output));
        ArgumentShapes.Distinct(output, q, nameof(output));
        float[] frequencies = inverseFrequencies.ToArray();
        foreach (AttentionSpan sequence in sequences)
        {
            using Call call = Begin();
            ReadOnlySpan<KeySegment> own = segments.Slice(sequence.FirstSegment, sequence.Segments);

            // Hundreds of short runs: one gather and one rotation cost less than as many launches.
            Tensor keys = TorchAttention.Rotate(Join(own, s => s.Keys), headSize, Positions(own), frequencies);
            Tensor queries = TorchBuffer.Open(q.SliceRows(sequence.FirstRow, sequence.Rows), nameof(q));
            Tensor result = TorchAttention.Attend(queries, keys, Join(own, s => s.Values), headSize);
            TorchBuffer.Open(output.SliceRows(sequence.FirstRow, sequence.Rows), nameof(output)).copy_(result);
        }
    }

    public void SiluMultiply(MatrixView gate, MatrixView up)
    {
        ArgumentShapes.SameShape(up, gate, nameof(up));
        using Call call = Begin();
        Tensor target = TorchBuffer.Open(gate, nameof(gate));
        target.copy_(target.silu() * TorchBuffer.Open(up, nameof(up)));
    }

    public void Silu(MatrixView x)
    {
        using Call call = Begin();
        Tensor target = TorchBuffer.Open(x, nameof(x));
        target.copy_(target.silu());
    }

    public void Add(MatrixView x, MatrixView y)
    {
        ArgumentShapes.SameShape(x, y, nameof(x));
        using Call call = Begin();
        TorchBuffer.Open(y, nameof(y)).add_(TorchBuffer.Open(x, nameof(x)));
    }

    public void AddRow(MatrixView row, MatrixView y)
    {
        ArgumentShapes.Row(row, y.Columns, nameof(row));
        using Call call = Begin();
        TorchBuffer.Open(y, nameof(y)).add_(TorchBuffer.Open(row, nameof(row)));
    }

    public void Copy(MatrixView source, MatrixView target)
    {
        ArgumentShapes.SameShape(source, target, nameof(source));
        using Call call = Begin();
        TorchBuffer.Open(target, nameof(target)).copy_(TorchBuffer.Open(source, nameof(source)));
    }

    public void Gather(MatrixView table, ReadOnlySpan<int> indices, MatrixView target)
    {
        ArgumentShapes.Equal(target.Columns, table.Columns, "The columns of the target", nameof(target));
        ArgumentShapes.Equal(target.Rows, indices.Length, "The rows of the target", nameof(target));
        long[] rows = new long[indices.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            if ((uint)indices[i] >= (uint)table.Rows) throw new ArgumentOutOfRangeException(nameof(indices), indices[i], $"The table has {table.Rows} rows.");
            rows[i] = indices[i];
        }

        if (rows.Length == 0) return;
        using Call call = Begin();
        TorchBuffer.Open(target, nameof(target)).copy_(TorchBuffer.Open(table, nameof(table)).index_select(0, tensor(rows, device: _device)));
    }

    public void RetrievalScores(MatrixView q, ReadOnlySpan<MatrixView> keys, Span<float> scores)
    {
        if (q.Rows == 0) throw new ArgumentException("A mean over no query rows is undefined.", nameof(q));
        using Call call = Begin();
        Tensor queries = TorchBuffer.Open(q, nameof(q));
        foreach (MatrixView part in keys)
        {
            ArgumentShapes.Equal(part.Columns, q.Columns, "The columns of the keys", nameof(keys));
            if (part.Rows == 0) continue;
            Tensor votes = queries.mm(TorchBuffer.Open(part, nameof(keys)).to(ScalarType.Float32).t()).sigmoid(); // [n, rows]
            HostTransfers.Download(votes.mean([0L], true), ScalarType.Float32, System.Runtime.InteropServices.MemoryMarshal.AsBytes(scores[..part.Rows]));
            scores = scores[part.Rows..];
        }

        ArgumentShapes.Equal(scores.Length, 0, "The number of scores left over", nameof(scores));
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _transfers.Dispose();
    }

    private void Rotate(MatrixView x, int headSize, float[] positions, ReadOnlySpan<float> inverseFrequencies)
    {
        ArgumentShapes.Multiple(headSize, 2, "The head size", nameof(headSize));
        ArgumentShapes.Multiple(x.Columns, headSize, "The columns of x", nameof(x));
        ArgumentShapes.Equal(inverseFrequencies.Length, headSize / 2, "The number of frequencies", nameof(inverseFrequencies));
        if (positions.Length == 0) return;
        using Call call = Begin();
        Tensor target = TorchBuffer.Open(x, nameof(x));
        target.copy_(TorchAttention.Rotate(target, headSize, positions, inverseFrequencies.ToArray()));
    }

    /// <summary>The rows of all segments one after another, in fp32.</summary>
    private static Tensor Join(ReadOnlySpan<KeySegment> segments, Func<KeySegment, MatrixView> part)
    {
        List<Tensor> parts = new(segments.Length);
        foreach (KeySegment segment in segments)
        {
            if (segment.Rows > 0) parts.Add(TorchBuffer.Open(part(segment), nameof(segments)).to(ScalarType.Float32));
        }

        return parts.Count == 1 ? parts[0] : cat(parts, 0);
    }

    /// <summary>Where each row of K has yet to be rotated to; 0, which turns nothing, for rows that carry their rotation.</summary>
    private static float[] Positions(ReadOnlySpan<KeySegment> segments)
    {
        List<float> positions = [];
        foreach (KeySegment segment in segments)
        {
            for (int row = 0; row < segment.Rows; row++) positions.Add(segment.IsRotated ? 0 : segment.FirstPosition + row);
        }

        return [.. positions];
    }

    private Call Begin()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new Call(NewDisposeScope(), no_grad());
    }

    /// <summary>What an operation makes on its way is freed at its end; nothing is kept for gradients.</summary>
    private readonly struct Call(DisposeScope scope, IDisposable gradients) : IDisposable
    {
        public void Dispose()
        {
            gradients.Dispose();
            scope.Dispose();
        }
    }
}
