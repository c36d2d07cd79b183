using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>The loaded layers, and what all passes over them share. Thread-safe.</summary>
internal sealed class LayerStack : IDisposable
{
    private readonly ModelWeights _weights;
    private readonly DeviceBuffer _bos;

    public LayerStack(IComputeBackend backend, ModelDimensions dimensions, ModelWeights weights)
    {
        _weights = weights;
        Backend = backend;
        Dimensions = dimensions;
        Scratch = new ScratchRack(backend, dimensions);
        Layers = [.. Enumerable.Range(0, dimensions.L).Select(l => new DecoderLayer(backend, dimensions, weights, l))];
        _bos = backend.Allocate(2L * dimensions.L * dimensions.KvWidth);
        Bos = ProjectBos();
    }

    public IComputeBackend Backend { get; }

    public ModelDimensions Dimensions { get; }

    public ScratchRack Scratch { get; }

    public ImmutableArray<DecoderLayer> Layers { get; }

    /// <summary>By layer, the row at position 0 as a read sees it. It depends on the weights alone.</summary>
    public ImmutableArray<KeySegment> Bos { get; }

    /// <summary>[1, d]: added to the newest rows of every layer in a write.</summary>
    public MatrixView MemoryPosition => _weights.MemoryPosition;

    /// <summary>x [n, d] = the rows that enter layer 0.</summary>
    public void Embed(ReadOnlySpan<int> ids, MatrixView x) => _weights.Embeddings.Gather(ids, Backend, x);

    /// <summary>normed = RMSNorm(x) under the final gain.</summary>
    public void NormOutput(MatrixView x, MatrixView normed) => Backend.RmsNorm(x, _weights.FinalNorm, _weights.Config.RmsEpsilon, normed);

    /// <summary>Logits of rows after the final norm: logits [n, vocabulary].</summary>
    public void Project(MatrixView normed, MatrixView logits) => Backend.Multiply(normed, _weights.Head, logits);

    /// <summary>Final norm and head of x [n, d]; the result is scratch, [n, vocabulary].</summary>
    public MatrixView Logits(MatrixView x, PassScratch scratch)
    {
        MatrixView logits = scratch.Logits(x.Rows);
        Backend.MultiplyAll(x, new RowNorm(_weights.FinalNorm, _weights.Config.RmsEpsilon), [new WeightProduct(_weights.Head, logits)]);
        return logits;
    }

    /// <summary>One row of logits to the host.</summary>
    public void Download(MatrixView row, Span<float> target) => Backend.Download(row, ElementType.F32, MemoryMarshal.AsBytes(target));

    public void Dispose()
    {
        _bos.Dispose();
        Scratch.Dispose();
    }

    private ImmutableArray<KeySegment> ProjectBos()
    {
        PassScratch scratch = Scratch.Rent(1);
        MatrixView all = _bos.AsMatrix(2 * Dimensions.L, Dimensions.KvWidth);
        var rows = ImmutableArray.CreateBuilder<KeySegment>(Dimensions.L);
        for (int l = 0; l < Dimensions.L; l++)
        {
            MatrixView keys = all.SliceRows(2 * l, 1);
            MatrixView values = all.SliceRows((2 * l) + 1, 1);
            Layers[l].KeysAndValues(Layers[l].Weights.Bos, AdapterMode.Read, scratch, keys, values);
            rows.Add(new KeySegment(keys, values, FirstPosition: 0, IsRotated: true)); // position 0 rotates by nothing
        }

        Scratch.Return(scratch);
        return rows.MoveToImmutable();
    }
}
