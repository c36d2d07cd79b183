using System.Collections.Immutable;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>A checkpoint on a back end: every role resolved once, nothing looked up by name afterwards. Immutable, so any number of passes may read it.</summary>
/// <remarks>Owns what it packed and uploaded, not the folder; the folder must stay open, because embedding rows are read from its mapped file.</remarks>
internal sealed class ModelWeights : IDisposable
{
    private readonly ImmutableArray<IDisposable> _owned;

    /// <param name="folder">Where the embeddings stay.</param>
    /// <param name="parts">What was loaded.</param>
    /// <param name="inverseFrequencies">headSize / 2 numbers.</param>
    /// <param name="owned">Disposed with this.</param>
    public ModelWeights(CheckpointFolder folder, LoadedParts parts, ImmutableArray<float> inverseFrequencies, ImmutableArray<IDisposable> owned)
    {
        Config = folder.Config;
        Embeddings = new StoredMatrix(folder[TensorNames.Embeddings], 0, Config.VocabularySize, Config.HiddenSize);
        Layers = parts.Layers;
        FinalNorm = parts.FinalNorm;
        Head = parts.Head;
        MemoryPosition = parts.MemoryPosition;
        InverseFrequencies = inverseFrequencies;
        _owned = owned;
    }

    public ModelConfig Config { get; }

    /// <summary>[vocabulary, d], on the host in the stored type; look up with <see cref="StoredMatrix.Gather"/>.</summary>
    public StoredMatrix Embeddings { get; }

    public ImmutableArray<LayerWeights> Layers { get; }

    /// <summary>[1, d].</summary>
    public MatrixView FinalNorm { get; }

    /// <summary>[vocabulary, d]; a packed copy of the embeddings when they are tied.</summary>
    public WeightMatrix Head { get; }

    /// <summary>[1, d]: added to the newest rows of every layer in a write.</summary>
    public MatrixView MemoryPosition { get; }

    /// <summary>headSize / 2 angles per position, scaling and rounding included.</summary>
    public ImmutableArray<float> InverseFrequencies { get; }

    public void Dispose()
    {
        foreach (IDisposable part in _owned) part.Dispose();
    }
}

/// <summary>What <see cref="WeightLoader"/> hands to <see cref="ModelWeights"/>.</summary>
internal sealed record LoadedParts(ImmutableArray<LayerWeights> Layers, MatrixView FinalNorm, WeightMatrix Head, MatrixView MemoryPosition);
