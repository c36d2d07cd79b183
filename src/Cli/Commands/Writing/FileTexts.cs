using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Writing;

/// <summary>Makes requests of a file: its text in parts, each under a key made of what it says, so that a run can be broken off and started again.</summary>
/// <param name="metadata">Kept with every version, besides the file's name and the part.</param>
/// <param name="seed">What the drops are drawn from; null = the server draws.</param>
/// <param name="isAgain">Keys of this run alone, so that everything is written once more.</param>
internal sealed class FileTexts(JsonElement? metadata, ulong? seed, bool isAgain)
{
    /// <summary>
    /// Characters of one inject: some 8,000 tokens, which a small machine writes in about a second, so that progress moves; far below the 1 MiB
    /// that a server takes by default.
    /// </summary>
    public const int PartCharacters = 32 * 1024;

    /// <summary>Longer files are no notes; split them first.</summary>
    private const long MaxFileBytes = 256L << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _run = isAgain ? Guid.NewGuid().ToString("N") : string.Empty;

    /// <summary>The requests in order; null when the file is no text.</summary>
    public async Task<IReadOnlyList<FilePart>?> ReadAsync(SourceFile file, CancellationToken cancellationToken)
    {
        if (file.Bytes > MaxFileBytes) return null;
        byte[] bytes = await File.ReadAllBytesAsync(file.FullPath, cancellationToken).ConfigureAwait(false);
        if (Decode(bytes) is not { } text) return null;
        string[] parts = [.. TextParts.Split(text.Trim(), PartCharacters)];
        return [.. parts.Select((part, i) => Part(file, part, i + 1, parts.Length))];
    }

    /// <summary>Null for what holds a NUL or is no UTF-8: pictures, archives, databases.</summary>
    private static string? Decode(byte[] bytes)
    {
        ReadOnlySpan<byte> content = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes;
        if (content.Contains((byte)0)) return null;
        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private FilePart Part(SourceFile file, string text, int part, int parts)
    {
        JsonObject about = metadata is { ValueKind: JsonValueKind.Object } given ? JsonObject.Create(given)! : [];
        about["source"] = file.Name;
        if (parts > 1) about["part"] = $"{part}/{parts}";
        JsonElement described = JsonSerializer.SerializeToElement(about);
        var request = new InjectRequest { Text = text, Seed = seed, Metadata = described };
        return new FilePart(request, KeyOf(described.GetRawText(), text), Encoding.UTF8.GetByteCount(text));
    }

    /// <summary>The same words of the same file have the same key; 160 bits of SHA-256 are beyond chance.</summary>
    private string KeyOf(string about, string text) =>
        $"file-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_run}\n{seed}\n{about}\n{text}")))[..40]}";
}

/// <summary>One inject of a file.</summary>
internal sealed record FilePart(InjectRequest Request, string Key, long Bytes);
