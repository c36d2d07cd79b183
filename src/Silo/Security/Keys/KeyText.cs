using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore;

namespace LatentDb.Silo.Security.Keys;

/// <summary>An API key as its holder has it: <c>ldb_{id}_{secret}_{checksum}</c>.</summary>
/// <param name="Id">12 characters of base32 in lower case: names the key, is no secret.</param>
/// <param name="Secret">32 random bytes as 43 characters of base64url.</param>
/// <remarks>
/// The checksum is the CRC-32C of all before it, in 6 digits of base 62 (62^6 &gt; 2^32): a mistyped key is told from a wrong one without asking
/// anybody, and scanners of source code find keys with few false alarms. The parts have fixed places, because base64url itself has underscores.
/// </remarks>
internal sealed record KeyText(string Id, string Secret)
{
    public const string Prefix = "ldb_";
    public const int IdLength = 12;

    private const int SecretBytes = 32;
    private const int SecretLength = 43;
    private const int ChecksumLength = 6;
    private const int SecretStart = 17; // "ldb_" + id + "_"
    private const int ChecksumStart = SecretStart + SecretLength + 1;
    private const int Length = ChecksumStart + ChecksumLength;
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static KeyText NewRandom() => new(RandomNumberGenerator.GetString(Base32, IdLength), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    /// <returns>Null when the text is not of the form, or its checksum does not fit.</returns>
    public static KeyText? TryParse(string text)
    {
        bool hasShape = text.Length == Length && text.StartsWith(Prefix, StringComparison.Ordinal) && text[SecretStart - 1] == '_' && text[ChecksumStart - 1] == '_';
        if (!hasShape) return null;
        var key = new KeyText(text[Prefix.Length..(SecretStart - 1)], text[SecretStart..(ChecksumStart - 1)]);
        return IsId(key.Id) && key.ToString() == text ? key : null;
    }

    public static bool IsId(string text) => text.Length == IdLength && text.All(c => Base32.Contains(c, StringComparison.Ordinal));

    /// <summary>The whole key. It leaves the process once, in the answer that makes it.</summary>
    public override string ToString()
    {
        string body = $"{Prefix}{Id}_{Secret}";
        return $"{body}_{ChecksumOf(body)}";
    }

    private static string ChecksumOf(string body)
    {
        uint rest = Checksum.Crc32C(Encoding.UTF8.GetBytes(body));
        Span<char> digits = stackalloc char[ChecksumLength];
        for (int i = ChecksumLength - 1; i >= 0; i--, rest /= 62) digits[i] = Base62[(int)(rest % 62)];
        return new string(digits);
    }
}
