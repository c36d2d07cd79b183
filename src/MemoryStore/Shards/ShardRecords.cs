using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Reads records of the manifest logs by place, decrypted, verified and decoded.</summary>
internal sealed class ShardRecords(EpochSet epochs, ShardKeys keys)
{
    /// <summary>The log that is being written; what it has not committed yet is made durable before it is read.</summary>
    public FrameLog? Current { get; set; }

    /// <exception cref="Errors.LatentDbException">data_damaged, unsupported_format; memory_not_found when the memory was erased.</exception>
    public async ValueTask<ShardRecord> ReadAsync(RecordLocation location, FrameKind kind, MemoryUid memory, CancellationToken cancellationToken)
    {
        if (Current is FrameLog log && location.Epoch == log.Epoch && location.Sequence + location.Addresses.Length - 1 > log.CommittedSequence)
        {
            await log.FlushAsync().ConfigureAwait(false);
        }

        EpochLogs logs = epochs.Get(location.Epoch);
        using FrameKey key = keys.For(kind, memory, logs.ManifestCipher);
        ReadOnlyMemory<byte> payload = await RecordReader.ReadAsync(logs.Manifest, location, kind, memory, key, cancellationToken).ConfigureAwait(false);
        try
        {
            return RecordCodec.Decode(new FrameHeader { Kind = kind, Memory = memory }, payload.Span);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(location.Epoch, location.Addresses[0], e);
        }
    }
}
