using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Retrieval;

namespace LatentDb.ModelHost.Model;

/// <summary>One version's rows, resident while a pass runs: the model's wish, granted by the pager. Used by one pass at a time.</summary>
internal interface IMemoryRows
{
    Manifest Manifest { get; }

    /// <summary>The pool in rank order: K and V before RoPE. keys, values [pool rows, kv heads x head size].</summary>
    void ReadPool(int layer, MatrixView keys, MatrixView values);

    /// <summary>Appends the pool in rank order, where it lies: K before RoPE. The first row stands at <paramref name="firstPosition"/>. Only when the layer is ready.</summary>
    void PoolSegments(int layer, int firstPosition, List<KeySegment> target);

    /// <summary>The type in which rows are resident: what a buffer for <see cref="CopyBank"/> must have.</summary>
    ElementType RowType { get; }

    /// <summary>True once everything of the layer that a pass reads without asking by need is resident: the pool and the bank's retrieval keys, or the hidden rows of a write.</summary>
    bool IsReady(int layer);

    /// <summary>Completes when <see cref="IsReady"/> is true.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">data_damaged, and whatever else the load met.</exception>
    ValueTask WhenReadyAsync(int layer, CancellationToken cancellationToken);

    /// <summary>The layer's bank by positions and by blocks; the same object for every query of the version.</summary>
    BankIndex Bank(int layer);

    /// <summary>
    /// Retrieval keys of all rows of the block that a run of the layer's bank names [block rows, key size], where they lie. Only when the layer is
    /// ready. Not by bank position, because a bank consists of single rows after a while.
    /// </summary>
    MatrixView BlockKeys(int layer, int run);

    /// <summary>Makes K and V of the bank rows at <paramref name="positions"/> resident.</summary>
    ValueTask FetchBankAsync(int layer, ReadOnlyMemory<int> positions, CancellationToken cancellationToken);

    /// <summary>The fetched bank rows at <paramref name="positions"/>, in that order: K and V before RoPE, of <see cref="RowType"/>.</summary>
    void CopyBank(int layer, ReadOnlySpan<int> positions, MatrixView keys, MatrixView values);

    /// <summary>The newest pool rows, oldest of them first. hidden [rows wanted, d].</summary>
    void ReadNewest(int layer, MatrixView hidden);

    /// <summary>Age of a row of the genesis block when the checkpoint was made, in tokens.</summary>
    long GenesisAge(int layer, int row);
}
