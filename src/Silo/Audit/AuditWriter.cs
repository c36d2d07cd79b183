using System.Buffers;
using LatentDb.MemoryStore.Disk;

namespace LatentDb.Silo.Audit;

/// <summary>Appends lines to the newest segment, each chained to the one before, and syncs them. For one thread.</summary>
/// <remarks>
/// Order: lines appended and synced, then whoever waits is told. A crash leaves some of the newest lines, whole or torn, and none of them had been
/// acknowledged; the next start cuts what does not fit. The anchor follows within a second and before every new segment.
/// </remarks>
internal sealed class AuditWriter : IDisposable
{
    private readonly AuditFolder _folder;
    private readonly TimeProvider _time;
    private AuditPoint _start;
    private IDiskFile? _segment;
    private long _length;
    private long _anchoredAt;
    private AuditPoint? _anchored;

    private AuditWriter(AuditFolder folder, AuditTail tail, TimeProvider time)
    {
        (_folder, _time) = (folder, time);
        (_start, Head) = (tail.Anchor.Start, tail.Anchor.Head);
        Damage = tail.Damage;
    }

    /// <summary>The newest durable line.</summary>
    public AuditPoint Head { get; private set; }

    /// <summary>What was wrong with the log when it was opened, or null.</summary>
    public string? Damage { get; }

    /// <summary>What must be there for the log to be whole.</summary>
    public AuditAnchor Anchor => new(_start, Head);

    /// <summary>Opens the log where it ended, cuts what a crash left unfinished, and notes in the log what it found.</summary>
    /// <exception cref="IOException">The log cannot be written.</exception>
    public static AuditWriter Open(AuditFolder folder, TimeProvider time)
    {
        folder.Create();
        AuditTail tail = AuditTail.Find(folder);
        var writer = new AuditWriter(folder, tail, time);
        if (tail.Segment is { } segment) writer.Continue(segment, tail);
        if (tail.CutBytes > 0) writer.Append([AuditEntry.OfLog("audit.cut", $"{tail.CutBytes} bytes that a crash left unfinished")]);
        if (tail.Damage is not null) writer.Append([AuditEntry.OfLog("audit.damaged", "what follows does not continue what is before it")]);
        writer.WriteAnchor();
        return writer;
    }

    /// <summary>Durable when it returns.</summary>
    /// <exception cref="IOException">Nothing is known of these lines; the log must be opened again.</exception>
    public void Append(IReadOnlyList<AuditEntry> entries)
    {
        if (_segment is null || _length >= AuditLimits.SegmentBytes) BeginSegment();
        string now = AuditText.Text(_time.GetUtcNow());
        var bytes = new ArrayBufferWriter<byte>();
        AuditPoint point = Head;
        foreach (AuditEntry entry in entries)
        {
            byte[] line = AuditText.Encode(AuditLine.Of(entry, point, now));
            bytes.Write(line);
            bytes.Write("\n"u8);
            point = new AuditPoint(point.Seq + 1, AuditText.HashOf(line));
        }

        _segment!.Write(bytes.WrittenSpan, _length);
        _segment.Sync();
        _length += bytes.WrittenCount;
        Head = point;
    }

    /// <summary>Writes the anchor when it is old, or at once.</summary>
    public void WriteAnchor(bool onlyWhenOld = false)
    {
        if (_anchored == Head || (onlyWhenOld && _time.GetElapsedTime(_anchoredAt) < AuditLimits.AnchorPause)) return;
        _folder.WriteAnchor(Anchor);
        (_anchored, _anchoredAt) = (Head, _time.GetTimestamp());
    }

    /// <summary>Deletes segments all of whose lines are older than a moment; the chain then starts at the first that is left, and says so.</summary>
    public void Expire(DateTimeOffset oldest)
    {
        string limit = AuditText.Text(oldest);
        long[] segments = _folder.Segments();
        int expired = 0;
        while (expired + 1 < segments.Length && FirstOf(segments[expired + 1]) is { } next && string.CompareOrdinal(next.Time, limit) < 0) expired++;
        if (expired == 0) return;
        Append([AuditEntry.OfLog("audit.expired", $"lines before {segments[expired]}")]);
        _start = new AuditPoint(segments[expired] - 1, FirstOf(segments[expired])!.Prev);
        _folder.WriteAnchor(Anchor);
        foreach (long old in segments[..expired]) _folder.DeleteSegment(old);
    }

    public void Dispose() => _segment?.Dispose();

    private AuditLine? FirstOf(long segment) =>
        SegmentLines.Read(_folder.Disk, _folder.PathOf(segment)).FirstOrDefault() is { IsWhole: true } raw ? AuditText.TryDecode(raw.Bytes) : null;

    private void Continue(long segment, AuditTail tail)
    {
        string path = _folder.PathOf(segment);
        if (tail.CutBytes > 0) _folder.Disk.Replace(path, _folder.Disk.ReadAll(path).AsSpan(0, (int)tail.Length), DiskAccess.CreatePrivate);
        _length = tail.Length;
        _segment = _folder.Disk.Open(path, DiskAccess.Write);

        // Lines that a kill left unsynced are whole and part of the chain; from here on they count.
        _segment.Sync();
    }

    private void BeginSegment()
    {
        _segment?.Dispose();
        _segment = null;
        WriteAnchor();
        _length = 0;
        _segment = _folder.CreateSegment(Head.Seq + 1);
    }
}
