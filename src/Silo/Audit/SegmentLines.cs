using LatentDb.MemoryStore.Disk;

namespace LatentDb.Silo.Audit;

/// <summary>The lines of a segment, from its first byte on.</summary>
internal static class SegmentLines
{
    /// <summary>Reads lines up to a length of the file that is durable.</summary>
    /// <remarks>What follows the last line feed is given as a line that is not whole; so is one that is too long, and then reading ends.</remarks>
    public static IEnumerable<RawLine> Read(IDisk disk, string path, long upTo = long.MaxValue)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        long length = Math.Min(file.Length, upTo);
        byte[] buffer = new byte[64 * 1024];
        long at = 0;
        while (at < length)
        {
            int read = file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at)), at);
            int from = 0;
            for (int end; (end = Array.IndexOf(buffer, (byte)'\n', from, read - from)) >= 0; from = end + 1)
            {
                yield return new RawLine(at + from, buffer[from..end], IsWhole: end - from <= AuditLimits.MaxLineBytes);
            }

            if (from == 0 || at + read >= length)
            {
                if (from < read) yield return new RawLine(at + from, buffer[from..read], IsWhole: false);
                yield break;
            }

            at += from;
        }
    }
}

/// <summary>Bytes of a line.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Bytes">Without the line feed.</param>
/// <param name="IsWhole">It ends with a line feed and is not too long.</param>
internal sealed record RawLine(long Offset, byte[] Bytes, bool IsWhole)
{
    /// <summary>The line, when it is the one that follows a place of the chain; else null.</summary>
    public AuditLine? After(AuditPoint before) =>
        IsWhole && AuditText.TryDecode(Bytes) is { } line && line.Seq == before.Seq + 1 && line.Prev == before.Hash ? line : null;
}
