using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions;

/// <summary>A parsed <c>at</c>: the head, a version number, a point in time, or a snapshot. Names exactly one version or none.</summary>
public abstract record VersionSelector
{
    private VersionSelector()
    {
    }

    public static VersionSelector Head { get; } = new HeadSelector();

    /// <summary>
    /// Reads digits as a version number, an RFC 3339 time with offset as a time, <c>head</c> as the head, and any other valid name as a snapshot.
    /// </summary>
    /// <exception cref="LatentDbException">invalid_request when it is none of these.</exception>
    public static VersionSelector Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) throw Invalid("is empty");
        if (string.Equals(text, VersionSelectorWords.Head, StringComparison.Ordinal)) return Head;
        if (text.All(char.IsAsciiDigit)) return ParseNumber(text);
        if (char.IsAsciiDigit(text[0]) || text[0] is '-' or '+') return ParseTime(text);
        return new SnapshotSelector(SnapshotName.Parse(text));
    }

    private static NumberSelector ParseNumber(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0
            ? new NumberSelector(new VersionNumber(number))
            : throw Invalid("is not a version number; versions begin at 1");

    private static TimeSelector ParseTime(string text)
    {
        // RFC 3339 demands an offset; a local time without one would name another instant on each machine.
        bool hasOffset = text.Length > 10 && (text[^1] is 'Z' or 'z' || text.LastIndexOfAny(['+', '-']) > 10);
        if (!hasOffset || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
        {
            throw Invalid("is neither a version number, nor an RFC 3339 time such as 2026-01-31T12:00:00Z, nor a snapshot name");
        }

        return new TimeSelector(time.ToUniversalTime());
    }

    private static LatentDbException Invalid(string why) => new(ErrorCode.InvalidRequest, $"The version selector {why}.");

    public sealed record HeadSelector : VersionSelector;

    public sealed record NumberSelector(VersionNumber Number) : VersionSelector;

    /// <summary>The newest version committed at or before <paramref name="Time"/>.</summary>
    public sealed record TimeSelector(DateTimeOffset Time) : VersionSelector;

    public sealed record SnapshotSelector(SnapshotName Name) : VersionSelector;
}
