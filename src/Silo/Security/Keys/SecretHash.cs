using System.Security.Cryptography;
using System.Text;

namespace LatentDb.Silo.Security.Keys;

/// <summary>What is kept of a secret. 256 random bits cannot be guessed however fast the hash is, so it is a plain SHA-256 with a label of its own.</summary>
internal static class SecretHash
{
    public const int Bytes = SHA256.HashSizeInBytes;

    private const string KeyLabel = "latentdb api key 1";
    private const string AdminLabel = "latentdb admin key 1";

    /// <summary>Compared with when there is nothing to compare with, so that an unknown id takes as long as a wrong secret.</summary>
    private static readonly byte[] Nobody = RandomNumberGenerator.GetBytes(Bytes);

    public static byte[] Of(KeyText key) => Hash(KeyLabel, $"{key.Id}\0{key.Secret}");

    public static byte[] OfAdminKey(string secret) => Hash(AdminLabel, secret);

    /// <summary>In a time that does not depend on where they differ.</summary>
    public static bool Matches(byte[] presented, byte[]? kept) => CryptographicOperations.FixedTimeEquals(presented, kept ?? Nobody) && kept is not null;

    private static byte[] Hash(string label, string secret) => SHA256.HashData(Encoding.UTF8.GetBytes($"{label}\0{secret}"));
}
