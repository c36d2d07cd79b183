using System.Runtime.ExceptionServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.MemoryStore.Telemetry;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Slices of one shard, read by address and verified. A staged slice is made durable first, so that there is one way of reading.</summary>
internal sealed class ShardReader(
    ShardIndex index, MemoryLoader memories, EpochSet epochs, FrameLog blocks, DependentVersions dependents, ShardOwnership ownership) : IBlockSource
{
    /// <inheritdoc/>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format: naming the block, where it stands, and the versions that need it.</exception>
    public ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken) => ReadAsync(address, new SliceBuffer(), cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format: naming the block, where it stands, and the versions that need it.</exception>
    public async ValueTask<BlockSlice> ReadAsync(SliceAddress address, SliceBuffer buffer, CancellationToken cancellationToken)
    {
        StagedSlice slice = await FindAsync(address, cancellationToken).ConfigureAwait(false)
            ?? throw new LatentDbException(ErrorCode.Internal, $"Slice {address} was never committed, or its memory was erased.");
        while (true)
        {
            try
            {
                return Decode(address, slice.Slice, await ReadPayloadAsync(address, slice, buffer, cancellationToken).ConfigureAwait(false));
            }
            catch (LatentDbException e) when (e.IsUnreadable())
            {
                StagedSlice? again = e is SegmentMissingException ? await FindAsync(address, cancellationToken).ConfigureAwait(false) : null;
                if (again is null || again.Slice.Location == slice.Slice.Location) throw await ExplainAsync(address, slice.Slice.Location, e, cancellationToken).ConfigureAwait(false);
                slice = again;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask AnnounceAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindAsync(address, cancellationToken).ConfigureAwait(false) is not StagedSlice slice) return;
            RecordLocation location = slice.Slice.Location;
            RecordReader.WillRead(epochs.Get(location.Epoch).Blocks, location);
        }
        catch (LatentDbException e) when (e.IsUnreadable())
        {
            // The read meets the same damage and explains it.
        }
    }

    /// <summary>True when this shard may hold the slice.</summary>
    public bool Knows(SliceAddress address) =>
        index.Blocks.Find(address) is not null || index.Find(address.Block.Owner) is not null || !index.BorrowersOf(address.Block.Owner).IsEmpty;

    /// <summary>The encoded slice, verified and decrypted.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadPayloadAsync(SliceAddress address, StagedSlice slice, CancellationToken cancellationToken) =>
        ReadPayloadAsync(address, slice, new SliceBuffer(), cancellationToken);

    private async ValueTask<ReadOnlyMemory<byte>> ReadPayloadAsync(SliceAddress address, StagedSlice slice, SliceBuffer buffer, CancellationToken cancellationToken)
    {
        RecordLocation location = slice.Slice.Location;
        if (location.Epoch == blocks.Epoch && location.Sequence + location.Addresses.Length - 1 > blocks.CommittedSequence)
        {
            await blocks.FlushAsync().ConfigureAwait(false);
        }

        EpochLogs logs = epochs.Get(location.Epoch);
        using var key = new FrameKey(logs.BlocksCipher, DataKey.FromBytes(slice.Key.AsSpan()));
        Memory<byte> payload = buffer.Lend(location.Bytes);
        await RecordReader.ReadAsync(logs.Blocks, location, FrameKind.BlockSlice, address.Block.Owner, key, payload, cancellationToken).ConfigureAwait(false);
        if (Checksum.Crc32C(payload.Span) == slice.Slice.Checksum) return payload;
        throw new LatentDbException(ErrorCode.DataDamaged, $"Slice {address} is not the one that its version vouches for.");
    }

    private static BlockSlice Decode(SliceAddress address, StoredSlice slice, ReadOnlyMemory<byte> payload)
    {
        StoreMetrics.SliceRead(payload.Length);
        try
        {
            return BlockSliceCodec.Decode(address, payload);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(slice.Location.Epoch, slice.Location.Addresses[0], e);
        }
    }

    private async ValueTask<LatentDbException> ExplainAsync(SliceAddress address, RecordLocation location, LatentDbException cause, CancellationToken cancellationToken)
    {
        // The next owner may have compacted away what an earlier one still wants to read.
        ownership.Require();
        StoreMetrics.DamageFound("slice");
        return DamageWords.OfSlice(
            address,
            index.Find(address.Block.Owner)?.Key,
            location,
            await dependents.OfSliceAsync(address, cancellationToken).ConfigureAwait(false),
            cause);
    }

    /// <summary>Its writer knows it, or, when that one was erased, is damaged or never had it, a fork does.</summary>
    private async ValueTask<StagedSlice?> FindAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        if (index.Blocks.Find(address) is StagedSlice known) return known;
        ExceptionDispatchInfo? damage = null;
        foreach (MemoryRef holder in dependents.Holders(address.Block))
        {
            try
            {
                if (await FindInAsync(holder, address, cancellationToken).ConfigureAwait(false) is StagedSlice found) return found;
            }
            catch (LatentDbException e) when (e.IsUnreadable())
            {
                damage ??= ExceptionDispatchInfo.Capture(e);
            }
        }

        damage?.Throw();
        return null;
    }

    private async ValueTask<StagedSlice?> FindInAsync(MemoryRef memory, SliceAddress address, CancellationToken cancellationToken)
    {
        MemoryEntry? entry = await memories.FindAsync(memory, cancellationToken).ConfigureAwait(false);
        if (entry?.FindBlock(address.Block) is not StoredBlock block) return null;
        StoredSlice? slice = block.Find(address.Layer, address.Part);
        return slice is null ? null : new StagedSlice(slice, block.Key);
    }
}
