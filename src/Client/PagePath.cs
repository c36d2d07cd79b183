namespace LatentDb.Client;

/// <summary>Adds limit and cursor to a path.</summary>
internal static class PagePath
{
    public static string Of(string path, int? limit, string? cursor)
    {
        List<string> parts = [];
        if (limit is { } count) parts.Add($"limit={count}");
        if (cursor is not null) parts.Add($"cursor={Uri.EscapeDataString(cursor)}");
        return parts.Count == 0 ? path : $"{path}?{string.Join('&', parts)}";
    }
}
