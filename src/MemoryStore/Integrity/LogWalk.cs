using System.Buffers.Binary;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>
/// Verifies every byte of a run of consecutive segments without any key: the engine's checksum, every frame's two checksums, sequence and chain, and
/// that what lies between entries is zero. Goes on behind damage: at the next entry whose own checksum matches, or at the next page.
/// </summary>
/// <param name="reader">The log.</param>
/// <param name="epoch">Its owner.</param>
/// <param name="throttle">Slows it down.</param>
/// <param name="damaged">Told the address and what is wrong there.</param>
internal sealed class LogWalk(SegmentReader reader, Epoch epoch, Throttle throttle, Action<long, string> damaged)
{
    /// <summary>Every entry begins at a multiple of this.</summary>
    private const int Granule = 16;
    private const int LengthOffset = sizeof(ulong);

    private readonly byte[] _page = new byte[reader.Geometry.PageBytes];
    private bool _isChainKnown;
    private int _partsLeft;

    /// <summary>Frames that verified.</summary>
    public long Frames { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Sequence of the last frame that verified; 0 = none yet.</summary>
    public long Sequence { get; private set; }

    /// <summary>Seal of the last frame; null when nothing certain is known, because it follows damage or there was none.</summary>
    public ulong? Chain => _isChainKnown ? _chain : null;

    private ulong _chain;

    /// <summary>Says that the next frame is the first of the log.</summary>
    public void BeginLog() => (Sequence, _chain, _isChainKnown) = (0, 0, true);

    /// <summary>Says that segments are missing before what comes next.</summary>
    public void BeginRun() => (_isChainKnown, _partsLeft) = (false, 0);

    /// <summary>Walks the pages from one address to another; <paramref name="until"/> is a page's start or the log's end.</summary>
    public async Task RunAsync(long from, long until, CancellationToken cancellationToken)
    {
        for (long start = from - (from % _page.Length); start < until; start += _page.Length)
        {
            int end = (int)Math.Min(_page.Length, until - start);
            await reader.ReadPageAsync(start, _page, cancellationToken).ConfigureAwait(false);
            WalkPage(start, (int)Math.Max(0, from - start), end);
            Bytes += end;
            await throttle.TakeAsync(end, cancellationToken).ConfigureAwait(false);
        }
    }

    private void WalkPage(long start, int from, int end)
    {
        if (from > 0 && !IsZero(0, from)) Report(start, "something stands where no entry is");
        int offset = from;
        while (offset < end)
        {
            int length = SegmentReader.EntryLength(_page, offset);
            if (length == 0)
            {
                if (offset > from && IsZero(offset, end)) return;
                Report(start + offset, offset == from ? "a page of the committed log does not begin with an entry" : "something stands where no entry is");
                offset = NextWhole(offset, end);
                continue;
            }

            if (length < 0 || offset + LogGeometry.EntryHeaderBytes + length > end || !IsWhole(offset, length))
            {
                Report(start + offset, length < 0 ? "the entry's length cannot be" : "the entry's checksum does not match");
                offset = NextWhole(offset, end);
                continue;
            }

            Accept(start + offset, _page.AsSpan(offset + LogGeometry.EntryHeaderBytes, length));
            offset += LogGeometry.EntryHeaderBytes + length;
        }
    }

    private void Accept(long address, ReadOnlySpan<byte> entry)
    {
        if (SegmentReader.IsFiller(entry)) return;
        try
        {
            FrameHeader header = Frame.Open(entry);
            string? wrong = WrongWith(header);
            if (wrong is not null) damaged(address, wrong);
            (Sequence, _chain, _isChainKnown) = (header.Sequence, FrameHeader.Seal(entry), true);
            _partsLeft = header.Parts - header.Part - 1;
            Frames++;
        }
        catch (FrameFormatException e)
        {
            Report(address, e.Message);
        }
    }

    private string? WrongWith(in FrameHeader header)
    {
        if (header.Epoch != epoch) return $"the frame is of epoch {header.Epoch}";
        if (header.Sequence <= Sequence) return $"frame {header.Sequence} follows frame {Sequence}";
        if (!_isChainKnown) return null;
        if (header.Sequence != Sequence + 1) return $"frame {header.Sequence} follows frame {Sequence}: frames are missing";
        if (header.Chain != _chain) return $"frame {header.Sequence} does not continue the one before it";
        return (_partsLeft > 0) == (header.Part > 0) ? null : $"part {header.Part} of {header.Parts} follows a record with {_partsLeft} parts to come";
    }

    private void Report(long address, string what)
    {
        BeginRun();
        damaged(address, what);
    }

    private bool IsZero(int from, int to) => !_page.AsSpan(from, to - from).ContainsAnyExcept((byte)0);

    private bool IsWhole(int offset, int length) =>
        BinaryPrimitives.ReadUInt64LittleEndian(_page.AsSpan(offset)) == EngineChecksum(_page.AsSpan(offset + LengthOffset, LogGeometry.EntryHeaderBytes - LengthOffset + length));

    private int NextWhole(int offset, int end)
    {
        for (int at = offset + Granule; at < end; at += Granule)
        {
            int length = SegmentReader.EntryLength(_page, at);
            if (length > 0 && at + LogGeometry.EntryHeaderBytes + length <= end && IsWhole(at, length)) return at;
        }

        return end;
    }

    /// <summary>FASTER's XOR over length and entry: words of eight bytes, then single bytes.</summary>
    private static ulong EngineChecksum(ReadOnlySpan<byte> bytes)
    {
        ulong checksum = 0;
        while (bytes.Length >= sizeof(ulong))
        {
            checksum ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte single in bytes) checksum ^= single;
        return checksum;
    }
}
