using System.Globalization;
using System.Text;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>An answer as it came over the wire.</summary>
/// <param name="Status">The status.</param>
/// <param name="Head">Status line and headers, a line each.</param>
/// <param name="Text">The body, unframed.</param>
internal sealed record RawAnswer(int Status, string[] Head, string Text)
{
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();

    /// <summary>The values of a header, joined.</summary>
    public string? Header(string name)
    {
        string[] values = [.. Head.Skip(1).Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim())];
        return values.Length == 0 ? null : string.Join(", ", values);
    }

    /// <summary>Reads one answer off the beginning of <paramref name="bytes"/>; null while it is not whole.</summary>
    /// <exception cref="FormatException">It is no HTTP/1.1.</exception>
    public static RawAnswer? TryRead(List<byte> bytes, bool isHead, bool isEnded, out int length)
    {
        length = 0;
        byte[] all = [.. bytes];
        int head = all.AsSpan().IndexOf(HeadEnd);
        if (head < 0) return null;
        string[] lines = Encoding.Latin1.GetString(all, 0, head).Split("\r\n");
        if (!lines[0].StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) throw new FormatException($"'{lines[0]}' is no status line.");
        var answer = new RawAnswer(int.Parse(lines[0].AsSpan(9, 3), CultureInfo.InvariantCulture), lines, string.Empty);
        int at = head + HeadEnd.Length;
        if (answer.Status == 100) return SkipContinue(bytes, at, isHead, isEnded, out length);
        if (isHead || answer.Status is 204 or 304) return Done(answer, [], at, out length);
        if (answer.Header("Transfer-Encoding") == "chunked") return ReadChunks(answer, all, at, out length);
        if (answer.Header("Content-Length") is not { } declared) return isEnded ? Done(answer, all[at..], all.Length, out length) : null;
        int end = at + int.Parse(declared, CultureInfo.InvariantCulture);
        return end <= all.Length ? Done(answer, all[at..end], end, out length) : null;
    }

    private static RawAnswer? SkipContinue(List<byte> bytes, int at, bool isHead, bool isEnded, out int length)
    {
        RawAnswer? next = TryRead(bytes[at..], isHead, isEnded, out length);
        length += at;
        return next;
    }

    private static RawAnswer? ReadChunks(RawAnswer answer, byte[] all, int at, out int length)
    {
        length = 0;
        List<byte> body = [];
        while (true)
        {
            int lineEnd = all.AsSpan(at).IndexOf("\r\n"u8);
            if (lineEnd < 0) return null;
            int size = int.Parse(Encoding.ASCII.GetString(all, at, lineEnd), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            int data = at + lineEnd + 2;
            if (data + size + 2 > all.Length) return null;
            body.AddRange(all.AsSpan(data, size));
            at = data + size + 2;
            if (size == 0) return Done(answer, [.. body], at, out length);
        }
    }

    private static RawAnswer Done(RawAnswer answer, byte[] body, int end, out int length)
    {
        length = end;
        return answer with { Text = Encoding.UTF8.GetString(body) };
    }
}
