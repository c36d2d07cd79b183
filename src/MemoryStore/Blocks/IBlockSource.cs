namespace LatentDb.MemoryStore.Blocks;

/// <summary>Where slices are read from: the local shard, or in a cluster its remote owner. The reader cannot tell.</summary>
public interface IBlockSource
{
    /// <summary>Reads and verifies one slice.</summary>
    /// <exception cref="Errors.LatentDbException">data_damaged when the bytes do not verify; internal when no such slice was ever committed.</exception>
    ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken);
}
