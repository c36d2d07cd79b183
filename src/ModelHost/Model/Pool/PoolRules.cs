using LatentDb.ModelHost.Checkpoints;

namespace LatentDb.ModelHost.Model.Pool;

/// <summary>The constants of a model that decide what a write does to pool and bank.</summary>
/// <param name="Layers">L.</param>
/// <param name="PoolRows">N.</param>
/// <param name="RetrievedRows">R.</param>
/// <param name="KeepsBank">M+: dropped rows enter the bank; MemoryLLM: they are gone.</param>
/// <param name="DropsPerLayer">Each layer draws its own drop; else one draw serves all. M+ always draws per layer.</param>
/// <param name="MergeEvery">Writes between two merges of the staged rows (update_ltm_frequency).</param>
/// <param name="InitialLife">Life of a row when it is merged (initial_rf_when_moving_stm_to_ltm).</param>
/// <param name="Decay">Life that every row of the bank loses at a merge (decay_frequency).</param>
/// <param name="TruncatingBlocks">Null: a write drops as many rows as it brings. Else the official code's int(rows x (1 / blocks)), in double precision.</param>
internal sealed record PoolRules(
    int Layers, int PoolRows, int RetrievedRows, bool KeepsBank, bool DropsPerLayer, int MergeEvery, float InitialLife, float Decay, int? TruncatingBlocks)
{
    public static PoolRules Of(ModelConfig config, CompatibilityMode compatibility)
    {
        LongTermSettings? bank = config.LongTerm;
        bool truncates = compatibility.TruncatedDropCount && bank is null;
        return new PoolRules(
            config.Layers,
            config.PoolRows,
            config.RetrievedRows,
            KeepsBank: bank is not null,
            DropsPerLayer: bank is not null || config.DropsPerLayer,
            bank?.WritesPerMerge ?? 1,
            bank?.InitialRecall ?? 0,
            bank?.DecayPerMerge ?? 0,
            truncates ? config.Blocks : null);
    }

    /// <summary>How many rows leave a pool of <paramref name="poolRows"/> when <paramref name="blockRows"/> come.</summary>
    public int Drops(int poolRows, int blockRows) => TruncatingBlocks is { } blocks ? (int)(poolRows * (1.0 / blocks)) : blockRows;
}
