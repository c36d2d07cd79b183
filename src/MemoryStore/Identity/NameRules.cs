using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Identity;

/// <summary>The only rules for names that come from outside: tenants, memories, snapshots.</summary>
public static class NameRules
{
    /// <summary>Characters; long enough for an e-mail address or a prefixed UUID, short enough for any index and log line.</summary>
    public const int MaxNameLength = 128;

    /// <summary>
    /// Returns <paramref name="text"/> when it is a valid name: 1 to 128 of <c>A-Z a-z 0-9 . _ : @ -</c>, beginning with a letter or digit.
    /// </summary>
    /// <exception cref="LatentDbException"><see cref="ErrorCode.InvalidName"/>.</exception>
    public static string Require(string? text, string noun)
    {
        if (string.IsNullOrEmpty(text)) throw Invalid(noun, "is empty");
        if (text.Length > MaxNameLength) throw Invalid(noun, $"has {text.Length} characters; at most {MaxNameLength} are allowed");
        if (!char.IsAsciiLetterOrDigit(text[0])) throw Invalid(noun, "must begin with a letter or digit");
        foreach (char c in text)
        {
            if (!IsAllowed(c)) throw Invalid(noun, $"contains U+{(int)c:X4}; allowed are A-Z a-z 0-9 . _ : @ -");
        }

        return text;
    }

    /// <summary>A snapshot begins with a letter, so that it can never be mistaken for a version number or a time.</summary>
    /// <exception cref="LatentDbException"><see cref="ErrorCode.InvalidName"/>.</exception>
    public static string RequireSnapshot(string? text)
    {
        string name = Require(text, "snapshot name");
        if (!char.IsAsciiLetter(name[0])) throw Invalid("snapshot name", "must begin with a letter, so that it differs from versions and times");
        if (string.Equals(name, VersionSelectorWords.Head, StringComparison.OrdinalIgnoreCase)) throw Invalid("snapshot name", "must not be 'head'");
        return name;
    }

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '@' or '-';

    private static LatentDbException Invalid(string noun, string why) => new(ErrorCode.InvalidName, $"The {noun} {why}.");
}

/// <summary>Words that name a version by its role.</summary>
public static class VersionSelectorWords
{
    public const string Head = "head";
}
