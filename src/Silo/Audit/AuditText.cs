using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Audit;

/// <summary>Lines and the anchor as bytes.</summary>
internal static class AuditText
{
    private const string AnchorTitle = "latentdb-audit 1";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        Encoder = JavaScriptEncoder.Default,
    };

    /// <summary>One line without its line feed; JSON in which nothing needs one.</summary>
    public static byte[] Encode(AuditLine line) => JsonSerializer.SerializeToUtf8Bytes(line, Json);

    /// <returns>Null when it is not a line.</returns>
    public static AuditLine? TryDecode(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<AuditLine>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string HashOf(ReadOnlySpan<byte> line) => Convert.ToHexStringLower(SHA256.HashData(line));

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static byte[] Encode(AuditAnchor anchor)
    {
        string body = string.Create(CultureInfo.InvariantCulture, $"{AnchorTitle}\nstart {anchor.Start.Seq} {anchor.Start.Hash}\nhead {anchor.Head.Seq} {anchor.Head.Hash}\n");
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{body}crc32c {Checksum.Crc32C(Encoding.ASCII.GetBytes(body)):x8}\n"));
    }

    /// <exception cref="LatentDbException">data_damaged.</exception>
    public static AuditAnchor DecodeAnchor(ReadOnlySpan<byte> content)
    {
        string[] lines = Encoding.ASCII.GetString(content).Split('\n');
        AuditAnchor? anchor = lines.Length == 5 && PointOf(lines[1], "start ") is { } start && PointOf(lines[2], "head ") is { } head ? new AuditAnchor(start, head) : null;
        return anchor is not null && Encode(anchor).AsSpan().SequenceEqual(content) ? anchor : throw new LatentDbException(ErrorCode.DataDamaged, "The anchor of the audit log does not fit its checksum.");
    }

    private static AuditPoint? PointOf(string line, string word)
    {
        string[] parts = line.StartsWith(word, StringComparison.Ordinal) ? line[word.Length..].Split(' ') : [];
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long seq) ? new AuditPoint(seq, parts[1]) : null;
    }
}

/// <summary>What cannot be cut off the log unnoticed.</summary>
/// <param name="Start">The line before the first that is kept.</param>
/// <param name="Head">A line that must be there; newer ones may follow.</param>
internal sealed record AuditAnchor(AuditPoint Start, AuditPoint Head);
