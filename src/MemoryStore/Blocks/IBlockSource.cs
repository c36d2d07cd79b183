namespace LatentDb.MemoryStore.Blocks;

/// <summary>Where slices are read from: the local shard, or in a cluster its remote owner. The reader cannot tell.</summary>
public interface IBlockSource
{
    /// <summary>Reads and verifies one slice.</summary>
    /// <exception cref="Errors.LatentDbException">data_damaged when the bytes do not verify; internal when no such slice was ever committed.</exception>
    ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken);

    /// <summary>As the other one, into memory that the caller lends: the slice shares it and is good until it is lent again.</summary>
    /// <inheritdoc cref="ReadAsync(SliceAddress, CancellationToken)"/>
    ValueTask<BlockSlice> ReadAsync(SliceAddress address, SliceBuffer buffer, CancellationToken cancellationToken) => ReadAsync(address, cancellationToken);

    /// <summary>Says that a slice will be read soon, so that the disk may begin. Waits for nothing that is worth waiting for; whatever is wrong, the read tells.</summary>
    ValueTask AnnounceAsync(SliceAddress address, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
