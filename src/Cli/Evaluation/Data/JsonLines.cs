using System.Security.Cryptography;
using System.Text.Json;

namespace LatentDb.Cli.Evaluation.Data;

/// <summary>Files with one JSON object a line, and what tells a file's content apart.</summary>
internal static class JsonLines
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <exception cref="UsageException">A line is no such object.</exception>
    public static async Task<IReadOnlyList<T>> ReadAsync<T>(string path, int? limit, CancellationToken cancellationToken)
        where T : class
    {
        List<T> items = [];
        int number = 0;
        await foreach (string line in File.ReadLinesAsync(path, cancellationToken).ConfigureAwait(false))
        {
            number++;
            if (items.Count == limit) break;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                items.Add(JsonSerializer.Deserialize<T>(line, Json) ?? throw new JsonException("the line is null"));
            }
            catch (JsonException error)
            {
                throw new UsageException($"'{path}', line {number}: {error.Message}");
            }
        }

        return items.Count > 0 ? items : throw new UsageException($"'{path}' is empty.");
    }

    /// <summary>The first digits of its SHA-256: part of a run's identity.</summary>
    public static async Task<string> DigestAsync(string path, CancellationToken cancellationToken)
    {
        FileStream file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false))[..16];
        }
    }
}
