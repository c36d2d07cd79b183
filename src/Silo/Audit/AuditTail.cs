using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Audit;

/// <summary>Where the log goes on after a start.</summary>
/// <param name="Anchor">The chain as it was found: where it starts, and its last line.</param>
/// <param name="Segment">The segment to append to; null = a new one.</param>
/// <param name="Length">Bytes of it.</param>
/// <param name="CutBytes">Bytes of lines that a crash left unfinished, which are cut off.</param>
/// <param name="Damage">What is wrong with the log, when something is; it is left for the check to find and the log goes on in a new segment.</param>
internal sealed record AuditTail(AuditAnchor Anchor, long? Segment, long Length, long CutBytes, string? Damage)
{
    /// <summary>Follows the chain through the newest segment.</summary>
    /// <remarks>
    /// The anchor is written before a segment is begun, so an empty one follows the anchor. What the anchor covers was durable, so anything wrong with it is damage; what follows the anchor and does not fit was never acknowledged as a
    /// whole, and is what a crash leaves.
    /// </remarks>
    public static AuditTail Find(AuditFolder folder)
    {
        long[] segments = folder.Segments();
        AuditAnchor? anchor;
        try
        {
            anchor = folder.ReadAnchor();
        }
        catch (LatentDbException error)
        {
            return new AuditTail(GuessAnchor(folder, segments), null, 0, 0, error.Message);
        }

        if (segments.Length == 0) return new AuditTail(anchor ?? new AuditAnchor(AuditPoint.Origin, AuditPoint.Origin), null, 0, 0, anchor is null || anchor.Head == anchor.Start ? null : "All segments are gone.");
        if (anchor is null) return new AuditTail(GuessAnchor(folder, segments), null, 0, 0, "The anchor is gone.");
        return Follow(folder, segments[^1], anchor);
    }

    private static AuditTail Follow(AuditFolder folder, long segment, AuditAnchor anchor)
    {
        AuditPoint? point = anchor.Head.Seq == segment - 1 ? anchor.Head : null;
        long length = 0;
        bool hasSeenAnchor = anchor.Head.Seq < segment;
        string path = folder.PathOf(segment);
        foreach (RawLine raw in SegmentLines.Read(folder.Disk, path))
        {
            AuditLine? line = raw.IsWhole ? AuditText.TryDecode(raw.Bytes) : null;
            point ??= line is null ? null : new AuditPoint(segment - 1, line.Prev);
            if (point is null || raw.After(point) is null) break;
            point = new AuditPoint(point.Seq + 1, AuditText.HashOf(raw.Bytes));
            length = raw.Offset + raw.Bytes.Length + 1;
            hasSeenAnchor |= point == anchor.Head;
        }

        if (!hasSeenAnchor) return new AuditTail(anchor, null, 0, 0, $"Line {anchor.Head.Seq} is not there as it was written.");
        long cut = folder.Disk.LengthOf(path) - length;
        return new AuditTail(anchor with { Head = point ?? anchor.Head }, length > 0 ? segment : null, length, cut, null);
    }

    /// <summary>Without an anchor the best guess is that the segments are whole; the newest line that can be read is the last.</summary>
    private static AuditAnchor GuessAnchor(AuditFolder folder, long[] segments)
    {
        AuditPoint head = AuditPoint.Origin;
        if (segments.Length > 0)
        {
            foreach (RawLine raw in SegmentLines.Read(folder.Disk, folder.PathOf(segments[^1])))
            {
                if (raw.IsWhole && AuditText.TryDecode(raw.Bytes) is { } line) head = new AuditPoint(line.Seq, AuditText.HashOf(raw.Bytes));
            }
        }

        return new AuditAnchor(AuditPoint.Origin, head);
    }
}
