using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Telemetry;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Slices of one shard, read by address and verified. A staged slice is made durable first, so that there is one way of reading.</summary>
internal sealed class ShardReader(ShardIndex index, EpochSet epochs, FrameLog blocks) : IBlockSource
{
    /// <inheritdoc/>
    public async ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        StoredSlice slice = index.Blocks.Find(address)
            ?? throw new LatentDbException(ErrorCode.Internal, $"Slice {address} was never committed.");
        RecordLocation location = slice.Location;
        if (location.Epoch == blocks.Epoch && location.Sequence + location.Addresses.Length - 1 > blocks.CommittedSequence)
        {
            await blocks.FlushAsync().ConfigureAwait(false);
        }

        ReadOnlyMemory<byte> payload = await RecordReader
            .ReadAsync(epochs.Get(location.Epoch).Blocks, location, FrameKind.BlockSlice, address.Block.Owner, cancellationToken).ConfigureAwait(false);
        if (Checksum.Crc32C(payload.Span) != slice.Checksum)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, $"Slice {address} is not the one that its version vouches for.");
        }

        StoreMetrics.SliceRead(payload.Length);
        try
        {
            return BlockSliceCodec.Decode(address, payload);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(location.Epoch, location.Addresses[0], e);
        }
    }
}
