using System.Diagnostics;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Telemetry;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Encodes, seals and appends records to the logs of the current epoch.</summary>
internal sealed class RecordWriter(ShardIndex index, EpochLogs logs, ShardKeys keys, FrameLog manifests, FrameLog blocks)
{
    /// <summary>Appends a change; durable and applied to the index when the task ends. Whoever changes a memory holds its entry until then.</summary>
    public async Task<RecordLocation> ChangeAsync(MemoryUid memory, ShardRecord record)
    {
        using Activity? span = StoreMetrics.Source.StartActivity("store.commit")?.SetTag("latentdb.record", record.Kind.ToString());
        using FrameKey key = keys.For(record.Kind, memory, logs.ManifestCipher);
        var draft = new RecordDraft(record.Kind, memory, RecordCodec.Encode(record), key);
        return await manifests.AppendAsync(draft, (header, location) => index.Apply(header, record, location)).ConfigureAwait(false);
    }

    /// <summary>Appends the content of a version for a later record to name. Not durable yet.</summary>
    public async Task<RecordLocation> StageContentAsync(MemoryUid memory, ShardRecord content)
    {
        using FrameKey key = keys.For(content.Kind, memory, logs.ManifestCipher);
        var draft = new RecordDraft(content.Kind, memory, RecordCodec.Encode(content), key, FrameFlags.Copied);
        return (await manifests.EnqueueAsync(draft, publish: null).ConfigureAwait(false)).Location;
    }

    /// <summary>Appends a slice for a later record to name. Not durable yet.</summary>
    /// <param name="owner">Whose block it is.</param>
    /// <param name="slice">The slice.</param>
    /// <param name="blockKey">The block's key.</param>
    public async Task<StoredSlice> StageSliceAsync(MemoryUid owner, BlockSlice slice, DataKey blockKey)
    {
        // The log takes what it needs before it returns, so the buffer may be used again.
        using var buffer = new RentedWriter(BlockSliceCodec.MaxBytes(slice));
        BlockSliceCodec.Encode(slice, buffer);
        return await StageSliceAsync(owner, slice.Address, buffer.Written, blockKey).ConfigureAwait(false);
    }

    /// <summary>The same for a slice that is encoded already.</summary>
    public async Task<StoredSlice> StageSliceAsync(MemoryUid owner, SliceAddress address, ReadOnlyMemory<byte> payload, DataKey blockKey)
    {
        using var key = new FrameKey(logs.BlocksCipher, blockKey.Share());
        PendingRecord record = await blocks.EnqueueAsync(new RecordDraft(FrameKind.BlockSlice, owner, payload, key), publish: null).ConfigureAwait(false);
        return new StoredSlice(address.Layer, address.Part, Checksum.Crc32C(payload.Span), record.Location);
    }
}
