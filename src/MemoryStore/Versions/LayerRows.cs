using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Versions;

/// <summary>The rows of one layer in one version: the pool from oldest to newest, and the long-term bank in the order of entry.</summary>
/// <param name="Pool">Runs of the short-term pool; the position of a row in it is its rank.</param>
/// <param name="Bank">Runs of the long-term bank, merged rows first, then staged ones.</param>
/// <param name="Decays">How much life every merged row of the bank has lost so far.</param>
public sealed record LayerRows(ImmutableArray<RowRun> Pool, ImmutableArray<BankRun> Bank, float Decays)
{
    public int PoolRows { get; } = Pool.Sum(r => r.Count);

    public int BankRows { get; } = Bank.Sum(r => r.Count);
}
