using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>
/// Reads a log in order and accepts frame n only if its sequence is n, its epoch is the log's, its chain is the seal of frame n - 1, and every byte
/// verifies. Below the committed end anything else is damage and is reported; past it, it is the torn tail of what was never acknowledged.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="epoch">Its owner.</param>
/// <param name="start">Where to begin, and the frame before.</param>
/// <param name="keys">The key of a frame; null for one that need not be read, because its memory was erased.</param>
internal sealed class LogReplay(SegmentReader log, Epoch epoch, LogSeal start, Func<FrameHeader, FrameKey?> keys)
{
    private readonly LogScanner _scanner = new(log, start.Address);
    private ulong _chain = start.Chain;
    private long _sequence = start.Sequence;
    private long _end = start.Address;

    /// <summary>End of the records read so far.</summary>
    public LogSeal Seal => new(_end, _sequence, _chain);

    /// <summary>A replay of everything that is committed in a new log.</summary>
    public static LogReplay FromStart(SegmentReader log, Epoch epoch, Func<FrameHeader, FrameKey?> keys) =>
        new(log, epoch, new LogSeal(LogGeometry.FirstAddress, 0, 0), keys);

    /// <summary>All records up to the committed end, which must be reached exactly.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public async Task ReadCommittedAsync(LogSeal committed, Func<ReplayedRecord, ValueTask> apply, CancellationToken cancellationToken)
    {
        while (await ReadRecordAsync(committed.Address, cancellationToken).ConfigureAwait(false) is ReplayedRecord record) await apply(record).ConfigureAwait(false);
        if (_sequence != committed.Sequence || _chain != committed.Chain)
        {
            throw Damaged($"frame {_sequence + 1} of {committed.Sequence} committed ones is missing");
        }

        _end = committed.Address;
    }

    /// <summary>Whole records past the committed end, because the newest commit record may be lost. Stops before the first bad frame.</summary>
    public async Task RollForwardAsync(Func<ReplayedRecord, ValueTask> apply, CancellationToken cancellationToken)
    {
        while (true)
        {
            (ulong chainBefore, long sequenceBefore) = (_chain, _sequence);
            ReplayedRecord? record;
            try
            {
                record = await ReadRecordAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
            }
            catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
            {
                record = null;
            }

            if (record is null)
            {
                (_chain, _sequence) = (chainBefore, sequenceBefore);
                return;
            }

            await apply(record).ConfigureAwait(false);
            _end = _scanner.Next;
        }
    }

    private async Task<ReplayedRecord?> ReadRecordAsync(long until, CancellationToken cancellationToken)
    {
        if (!await _scanner.MoveNextAsync(until, cancellationToken).ConfigureAwait(false)) return null;
        FrameHeader header = Accept(_scanner.Entry.Span, part: 0, parts: null);
        using FrameKey? key = KeyOf(header);
        var addresses = ImmutableArray.CreateBuilder<long>(Math.Min(header.Parts, 1024));
        addresses.Add(_scanner.Address);
        var payload = new ArrayBufferWriter<byte>(Math.Max(1, header.PayloadBytes));
        Write(payload, header, key);
        for (int part = 1; part < header.Parts; part++)
        {
            if (!await _scanner.MoveNextAsync(until, cancellationToken).ConfigureAwait(false)) throw Damaged($"part {part} of {header.Parts} is missing");
            FrameHeader next = Accept(_scanner.Entry.Span, part, header.Parts);
            if (next.Kind != header.Kind || next.Memory != header.Memory) throw Damaged($"part {part} belongs to another record");
            addresses.Add(_scanner.Address);
            Write(payload, next, key);
        }

        var location = new RecordLocation(epoch, header.Sequence, payload.WrittenCount, addresses.ToImmutable());
        ReadOnlyMemory<byte>? clear = key is null && header.IsEncrypted ? (ReadOnlyMemory<byte>?)null : payload.WrittenMemory;
        return new ReplayedRecord(header, clear, location);
    }

    /// <summary>The key of a record that is to be applied; null for one that need not be read.</summary>
    private FrameKey? KeyOf(in FrameHeader header)
    {
        if (!header.IsEncrypted || header.Flags.HasFlag(FrameFlags.Copied)) return null;
        return keys(header);
    }

    private void Write(ArrayBufferWriter<byte> payload, in FrameHeader header, FrameKey? key)
    {
        if (header.IsEncrypted && key is null) return;
        int bytes = Frame.PayloadBytes(header);
        try
        {
            Frame.ReadPayload(header, _scanner.Entry.Span, key, payload.GetSpan(Math.Max(1, bytes))[..bytes]);
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(epoch, _scanner.Address, e);
        }

        payload.Advance(bytes);
    }

    private FrameHeader Accept(ReadOnlySpan<byte> frame, int part, int? parts)
    {
        try
        {
            FrameHeader header = Frame.Open(frame);
            if (header.Sequence != _sequence + 1) throw new FrameFormatException($"frame {header.Sequence} stands where frame {_sequence + 1} must");
            if (header.Epoch != epoch) throw new FrameFormatException($"the frame is of epoch {header.Epoch}");
            if (header.Chain != _chain) throw new FrameFormatException($"frame {header.Sequence} does not continue the one before it");
            if (header.Part != part || (parts is int p && header.Parts != p)) throw new FrameFormatException($"part {header.Part} of {header.Parts} stands where part {part} must");
            _sequence = header.Sequence;
            _chain = FrameHeader.Seal(frame);
            return header;
        }
        catch (FrameFormatException e)
        {
            throw Damage.At(epoch, _scanner.Address, e);
        }
    }

    private LatentDbException Damaged(string what) => new(ErrorCode.DataDamaged, $"Epoch {epoch}, address {_scanner.Next}: {what}.");
}

/// <summary>One whole record, as the log has it.</summary>
/// <param name="Header">Of its first frame.</param>
/// <param name="Payload">In clear; null when it need not be read.</param>
/// <param name="Location">Where it stands.</param>
internal sealed record ReplayedRecord(FrameHeader Header, ReadOnlyMemory<byte>? Payload, RecordLocation Location);
