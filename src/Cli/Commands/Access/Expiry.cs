using System.Globalization;

namespace LatentDb.Cli.Commands.Access;

/// <summary>Reads times and spans as people write them.</summary>
internal static class Expiry
{
    /// <summary>90d, 12h, 30m from now, or an RFC 3339 time; null stays null.</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    public static DateTimeOffset? Parse(string? text, DateTimeOffset now)
    {
        if (text is null) return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && text.Contains('-', StringComparison.Ordinal) ? time : now + ParseSpan(text);
    }

    /// <exception cref="UsageException">It is no span.</exception>
    public static TimeSpan ParseSpan(string text)
    {
        TimeSpan? unit = text.Length < 2 ? null : text[^1] switch
        {
            'd' => TimeSpan.FromDays(1),
            'h' => TimeSpan.FromHours(1),
            'm' => TimeSpan.FromMinutes(1),
            's' => TimeSpan.FromSeconds(1),
            _ => null,
        };
        if (unit is { } one && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)) return one * count;
        throw new UsageException($"'{text}' is no span such as 90d, 12h or 30m.");
    }
}
