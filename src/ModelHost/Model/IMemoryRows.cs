using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>One version's rows, resident while a pass runs: the model's wish, granted by the pager. Used by one pass at a time.</summary>
internal interface IMemoryRows
{
    Manifest Manifest { get; }

    /// <summary>The pool in rank order: K and V before RoPE. keys, values [pool rows, kv heads x head size].</summary>
    void ReadPool(int layer, MatrixView keys, MatrixView values);

    /// <summary>The newest pool rows, oldest of them first. hidden [rows wanted, d].</summary>
    void ReadNewest(int layer, MatrixView hidden);

    /// <summary>Retrieval keys in bank order [bank rows, selector width]; only where the bank of the layer has rows.</summary>
    MatrixView BankKeys(int layer);

    /// <summary>Age of a row of the genesis block when the checkpoint was made, in tokens.</summary>
    long GenesisAge(int layer, int row);

    /// <summary>The bank rows at <paramref name="positions"/>, in that order: K and V before RoPE.</summary>
    ValueTask ReadBankAsync(int layer, ReadOnlyMemory<int> positions, MatrixView keys, MatrixView values, CancellationToken cancellationToken);
}
