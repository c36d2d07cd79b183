namespace LatentDb.Store;

/// <summary>Sizes of a model, as far as the store sees them.</summary>
/// <param name="Layers">Layers.</param>
/// <param name="Rows">Rows of a block in a layer (K).</param>
/// <param name="Bytes">Bytes of a row's K and V together.</param>
/// <param name="PoolBlocks">Blocks of a full pool.</param>
internal sealed record Sizes(int Layers, int Rows, int Bytes, int PoolBlocks)
{
    public int PoolRows => Rows * PoolBlocks;

    /// <summary>Rows of a full long-term bank: twelve pools, as in the paper's largest model.</summary>
    public int BankRows => 12 * PoolRows;

    public long BlockBytes => (long)Layers * Rows * Bytes;

    public long PoolBytes => BlockBytes * PoolBlocks;
}
