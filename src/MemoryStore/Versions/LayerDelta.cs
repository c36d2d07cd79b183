using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Versions;

/// <summary>What one write changes in one layer. Applied in the order of the parameters; see <see cref="ManifestDelta"/>.</summary>
/// <param name="RemovedRanks">Ranks that leave the pool, ascending, without repetition.</param>
/// <param name="MovedToBank">True: the removed rows enter the bank's end, staged (M+). False: they are gone (MemoryLLM).</param>
/// <param name="SealedLife">When a merge happens: the <see cref="BankRun.LifeBase"/> that every staged row receives; else null.</param>
/// <param name="Decays">The layer's decays after this write.</param>
/// <param name="EvictedBankRows">Positions in the bank that are removed, ascending, not overlapping, counted after the rows above entered.</param>
/// <param name="Appended">Rows of the delta's new block that join the pool's end, in this order; rows may repeat (filling an empty pool).</param>
public sealed record LayerDelta(
    ImmutableArray<int> RemovedRanks,
    bool MovedToBank,
    float? SealedLife,
    float Decays,
    ImmutableArray<RowRange> EvictedBankRows,
    ImmutableArray<RowRange> Appended);
