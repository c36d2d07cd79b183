using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Contracts;

/// <summary>Facts about the served model that callers and operators need.</summary>
/// <param name="Name">Folder name of the checkpoint.</param>
/// <param name="Fingerprint">Goes into every version that the model writes.</param>
/// <param name="Family">"memoryllm" or "mplus".</param>
/// <param name="Parameters">Number of weights, memory not counted.</param>
/// <param name="Layers">L.</param>
/// <param name="HiddenSize">d.</param>
/// <param name="RowsPerWrite">K: memory tokens that one chunk adds to each layer.</param>
/// <param name="PoolRows">N: rows of the short-term pool of each layer.</param>
/// <param name="RetrievedRows">R: rows fetched from the long-term bank per layer and query; 0 without a bank.</param>
/// <param name="MaxChunkTokens">Longer text is injected in pieces of this many tokens.</param>
/// <param name="MinChunkTokens">Shorter text is padded or refused.</param>
/// <param name="VocabularySize">Token ids.</param>
/// <param name="BlockBytes">Stored bytes of one block over all layers and parts.</param>
/// <param name="Backend">Name of the compute back end.</param>
public sealed record ModelDescription(
    string Name,
    ModelFingerprint Fingerprint,
    string Family,
    long Parameters,
    int Layers,
    int HiddenSize,
    int RowsPerWrite,
    int PoolRows,
    int RetrievedRows,
    int MaxChunkTokens,
    int MinChunkTokens,
    int VocabularySize,
    long BlockBytes,
    string Backend);
