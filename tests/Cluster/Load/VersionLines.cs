using System.Globalization;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cluster.Load;

/// <summary>A memory's versions as text, a line each, newest first: number, cause, key, time, tokens, seed.</summary>
public static class VersionLines
{
    public static async Task<string> ReadAsync(MemoryClient memory, CancellationToken stop = default)
    {
        List<string> lines = [];
        string? cursor = null;
        do
        {
            Page<VersionDescription> page = await memory.ListVersionsAsync(200, cursor, stop);
            lines.AddRange(page.Items.Select(v => $"{v.Version} {v.Cause} {v.IdempotencyKey} {v.CommittedAt:O} {v.Tokens} {v.Seed}"));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return string.Join('\n', lines);
    }

    /// <summary>The numbers of the versions, as they stand.</summary>
    public static IEnumerable<long> Numbers(string lines) => lines.Split('\n').Select(line => Number(line.Split(' ')));

    /// <summary>The numbers of the versions that bear a key.</summary>
    public static ILookup<string, long> ByKey(string lines) =>
        lines.Split('\n').Select(line => line.Split(' ')).Where(fields => fields[2].Length > 0).ToLookup(fields => fields[2], Number, StringComparer.Ordinal);

    private static long Number(string[] fields) => long.Parse(fields[0], CultureInfo.InvariantCulture);
}
