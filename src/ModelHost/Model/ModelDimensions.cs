using LatentDb.ModelHost.Checkpoints;

namespace LatentDb.ModelHost.Model;

/// <summary>The sizes of one model, in the letters of the papers (MemoryLLM 2402.04624, M+ 2502.00592).</summary>
/// <param name="L">Layers.</param>
/// <param name="D">Width of the residual stream.</param>
/// <param name="QueryWidth">Heads x head size.</param>
/// <param name="KvWidth">Key/value heads x head size: the width of a row's K, and of its V.</param>
/// <param name="HeadSize">Width of one head.</param>
/// <param name="Ff">Width of the gated MLP.</param>
/// <param name="Vocabulary">Token ids.</param>
/// <param name="K">Rows that one write adds to each layer (num_tokens).</param>
/// <param name="N">Rows of the pool of each layer.</param>
/// <param name="R">Rows retrieved from the bank per layer; 0 for MemoryLLM.</param>
/// <param name="KeySize">Width of a retrieval key; 0 for MemoryLLM.</param>
internal sealed record ModelDimensions(int L, int D, int QueryWidth, int KvWidth, int HeadSize, int Ff, int Vocabulary, int K, int N, int R, int KeySize)
{
    public static ModelDimensions Of(ModelConfig config) => new(
        config.Layers,
        config.HiddenSize,
        config.QueryWidth,
        config.KeyValueWidth,
        config.HeadSize,
        config.IntermediateSize,
        config.VocabularySize,
        config.RowsPerWrite,
        config.PoolRows,
        config.RetrievedRows,
        config.LongTerm?.KeyWidth ?? 0);
}
