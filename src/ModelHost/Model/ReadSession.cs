using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>Everything that one query holds from its prefill to its last token. Used by one thread at a time.</summary>
internal sealed class ReadSession : IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly DeviceBuffer _stepBuffer;
    private readonly DeviceBuffer _logitBuffer;
    private readonly float[] _logits;

    /// <param name="backend">Where the cache lies.</param>
    /// <param name="dimensions">The model.</param>
    /// <param name="promptRows">Tokens of the prompt.</param>
    /// <param name="capacityRows">Rows of memory, prompt and answer together.</param>
    public ReadSession(IComputeBackend backend, ModelDimensions dimensions, int promptRows, int capacityRows)
    {
        _backend = backend;
        PromptRows = promptRows;
        Cache = new KeyValueCache(backend, dimensions, capacityRows);
        StepScratch = new PassScratch(backend, dimensions, 1);
        _stepBuffer = backend.Allocate(dimensions.D);
        StepRows = _stepBuffer.AsMatrix(1, dimensions.D);
        _logitBuffer = backend.Allocate(dimensions.Vocabulary);
        LogitRow = _logitBuffer.AsMatrix(1, dimensions.Vocabulary);
        _logits = new float[dimensions.Vocabulary];
        Retrieved = new int[dimensions.L][];
        Array.Fill(Retrieved, []);
    }

    public int PromptRows { get; }

    public KeyValueCache Cache { get; }

    /// <summary>For single tokens.</summary>
    public PassScratch StepScratch { get; }

    /// <summary>[1, d].</summary>
    public MatrixView StepRows { get; }

    /// <summary>[1, vocabulary].</summary>
    public MatrixView LogitRow { get; }

    /// <summary>Positions in the bank that the prefill read, per layer, in reading order.</summary>
    public int[][] Retrieved { get; }

    /// <summary>The last row's logits, on the host; the sampler may change them.</summary>
    public Span<float> Logits => _logits;

    public void DownloadLogits() => _backend.Download(LogitRow, ElementType.F32, MemoryMarshal.AsBytes(_logits.AsSpan()));

    public void Dispose()
    {
        Cache.Dispose();
        StepScratch.Dispose();
        _stepBuffer.Dispose();
        _logitBuffer.Dispose();
    }
}
