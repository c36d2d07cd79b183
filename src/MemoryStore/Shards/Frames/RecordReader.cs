using System.Buffers;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>Reads one record by location and verifies every frame: checksum, kind, memory, epoch, sequence, part. Thread-safe.</summary>
internal static class RecordReader
{
    /// <param name="log">Where it stands.</param>
    /// <param name="location">Its place, and what its frames must say of themselves.</param>
    /// <param name="kind">What it must be.</param>
    /// <param name="memory">Whose it must be.</param>
    /// <param name="key">Decrypts it; null = it must be stored in clear.</param>
    /// <param name="cancellationToken">Ends the wait for the disk.</param>
    /// <returns>The payload in clear, in memory of its own.</returns>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, naming the epoch and the address.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(
        SegmentReader log, RecordLocation location, FrameKind kind, MemoryUid memory, FrameKey? key, CancellationToken cancellationToken)
    {
        byte[] payload = new byte[location.Bytes];
        await ReadAsync(log, location, kind, memory, key, payload, cancellationToken).ConfigureAwait(false);
        return payload;
    }

    /// <summary>As the other one, into memory of the caller: <see cref="RecordLocation.Bytes"/> long.</summary>
    /// <inheritdoc cref="ReadAsync(SegmentReader, RecordLocation, FrameKind, MemoryUid, FrameKey?, CancellationToken)"/>
    public static async ValueTask ReadAsync(
        SegmentReader log, RecordLocation location, FrameKind kind, MemoryUid memory, FrameKey? key, Memory<byte> payload, CancellationToken cancellationToken)
    {
        int partBytes = Frame.MaxPayload(log.Geometry.MaxEntryBytes);
        for (int part = 0; part < location.Addresses.Length; part++)
        {
            int start = part * partBytes;
            Memory<byte> target = payload.Slice(start, Math.Min(partBytes, payload.Length - start));
            await ReadPartAsync(log, location, kind, memory, key, part, target, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that an encrypted record will be read soon.</summary>
    public static void WillRead(SegmentReader log, RecordLocation location)
    {
        int partBytes = Frame.MaxPayload(log.Geometry.MaxEntryBytes);
        for (int part = 0; part < location.Addresses.Length; part++)
        {
            int bytes = Math.Min(partBytes, location.Bytes - (part * partBytes));
            log.WillRead(location.Addresses[part], Frame.Length(Frame.StoredBytes(bytes, isEncrypted: true)));
        }
    }

    private static async ValueTask ReadPartAsync(
        SegmentReader log, RecordLocation location, FrameKind kind, MemoryUid memory, FrameKey? key, int part, Memory<byte> target, CancellationToken cancellationToken)
    {
        int length = Frame.Length(Frame.StoredBytes(target.Length, key is not null));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await log.ReadAsync(location.Addresses[part], buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            FrameHeader header = Frame.OpenHeader(buffer.AsSpan(0, length));
            Check(header.Kind == kind, $"kind is {header.Kind}, not {kind}");
            Check(header.Memory == memory, $"memory is {header.Memory}, not {memory}");
            Check(header.Epoch == location.Epoch, $"epoch is {header.Epoch}, not {location.Epoch}");
            Check(header.Sequence == location.Sequence + part, $"sequence is {header.Sequence}, not {location.Sequence + part}");
            Check(header.Part == part && header.Parts == location.Addresses.Length, $"part is {header.Part} of {header.Parts}, not {part} of {location.Addresses.Length}");
            Check(header.IsEncrypted == (key is not null), $"payload is {(header.IsEncrypted ? "encrypted" : "in clear")}");
            Check(Frame.PayloadBytes(header) == target.Length, $"payload has {Frame.PayloadBytes(header)} bytes, not {target.Length}");
            ReadPayload(header, buffer.AsSpan(0, length), key, target.Span);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(location.Epoch, location.Addresses[part], e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The seal of an encrypted payload vouches for each of its bytes; the checksum then only tells damage from another key.</summary>
    private static void ReadPayload(in FrameHeader header, ReadOnlySpan<byte> frame, FrameKey? key, Span<byte> target)
    {
        if (key is null) Frame.CheckPayload(header, frame);
        try
        {
            Frame.ReadPayload(header, frame, key, target);
        }
        catch (FrameFormatException)
        {
            Frame.CheckPayload(header, frame);
            throw;
        }
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds) throw new FrameFormatException($"the frame's {otherwise}");
    }
}

/// <summary>Words for what was found at a place in a log.</summary>
internal static class Damage
{
    public static LatentDbException At(Epoch epoch, long address, FrameFormatException cause) => new(
        cause.IsUnsupported ? ErrorCode.UnsupportedFormat : ErrorCode.DataDamaged,
        $"Epoch {epoch}, address {address}: {cause.Message}.",
        cause);
}
