using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>From a passphrase or a key pair to the one key of one archive.</summary>
/// <remarks>
/// ECDH on P-256 rather than RSA-OAEP: keys of a few lines, a fresh secret per archive whatever the sender does, and no padding to get wrong.
/// PBKDF2 rather than scrypt or Argon2, because .NET has only it: a weak passphrase stays weak against a farm of graphics cards.
/// </remarks>
internal static class ArchiveKeys
{
    public const int KeyBytes = 32;
    private const int CoordinateBytes = 32;

    private static ReadOnlySpan<byte> PassphraseContext => "latentdb archive 1 passphrase"u8;

    private static ReadOnlySpan<byte> RecipientContext => "latentdb archive 1 recipient"u8;

    /// <summary>Draws a salt and derives the key of a new archive.</summary>
    /// <exception cref="LatentDbException">invalid_request when the passphrase is too short or too long.</exception>
    public static (PassphraseProtection Protection, byte[] Key) NewForPassphrase(string passphrase, int rounds = TransferLimits.PassphraseRounds)
    {
        if (passphrase.Length is < TransferLimits.MinPassphraseLength or > TransferLimits.MaxPassphraseLength)
        {
            throw Refused($"A passphrase has {TransferLimits.MinPassphraseLength} to {TransferLimits.MaxPassphraseLength} characters; this one has {passphrase.Length}.");
        }

        var protection = new PassphraseProtection(RandomNumberGenerator.GetBytes(ArchiveProtection.SaltBytes), rounds);
        return (protection, Open(protection, passphrase));
    }

    /// <exception cref="LatentDbException">invalid_request when the passphrase is too long to be one.</exception>
    public static byte[] Open(PassphraseProtection protection, string passphrase)
    {
        if (passphrase.Length > TransferLimits.MaxPassphraseLength) throw Refused($"A passphrase has at most {TransferLimits.MaxPassphraseLength} characters; this one has {passphrase.Length}.");
        byte[] secret = Encoding.UTF8.GetBytes(passphrase);
        byte[] stretched = Rfc2898DeriveBytes.Pbkdf2(secret, protection.Salt, protection.Rounds, HashAlgorithmName.SHA512, KeyBytes);
        byte[] key = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, stretched, key, protection.Salt, PassphraseContext);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(stretched);
        return key;
    }

    /// <summary>Draws an ephemeral key pair and derives the key of a new archive.</summary>
    /// <exception cref="LatentDbException">invalid_request when the text is no public key on P-256.</exception>
    public static (RecipientProtection Protection, byte[] Key) NewForRecipient(string publicKeyPem)
    {
        using ECDiffieHellman recipient = Import(publicKeyPem, "public");
        using ECDiffieHellman ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] recipientPoint = PointOf(recipient);
        var protection = new RecipientProtection(
            RandomNumberGenerator.GetBytes(ArchiveProtection.SaltBytes), PointOf(ephemeral), MarkOf(recipientPoint));
        using ECDiffieHellmanPublicKey other = recipient.PublicKey;
        return (protection, Derive(ephemeral.DeriveRawSecretAgreement(other), protection, recipientPoint));
    }

    /// <exception cref="LatentDbException">invalid_request when the text is no private key on P-256, or another one's; archive_invalid when the ephemeral key is none.</exception>
    public static byte[] Open(RecipientProtection protection, string privateKeyPem)
    {
        using ECDiffieHellman recipient = Import(privateKeyPem, "private");
        byte[] recipientPoint = PointOf(recipient);
        if (!protection.RecipientMark.AsSpan().SequenceEqual(MarkOf(recipientPoint)))
        {
            throw Refused($"The archive is protected to the key {Convert.ToHexStringLower(protection.RecipientMark)}, not to the one given.");
        }

        try
        {
            using ECDiffieHellman ephemeral = ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = protection.EphemeralPoint[..CoordinateBytes], Y = protection.EphemeralPoint[CoordinateBytes..] },
            });
            using ECDiffieHellmanPublicKey other = ephemeral.PublicKey;
            return Derive(recipient.DeriveRawSecretAgreement(other), protection, recipientPoint);
        }
        catch (CryptographicException e)
        {
            // A private key is asked for where only a public one was given, or the point is not on the curve.
            throw ArchiveErrors.Invalid("cannot be opened with this key: it is no private key, or the archive's own key is not on the curve", e);
        }
    }

    private static byte[] Derive(byte[] shared, RecipientProtection protection, byte[] recipientPoint)
    {
        byte[] context = [.. RecipientContext, .. protection.EphemeralPoint, .. recipientPoint];
        byte[] key = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, key, protection.Salt, context);
        CryptographicOperations.ZeroMemory(shared);
        return key;
    }

    private static ECDiffieHellman Import(string pem, string kind)
    {
        if (pem.Length > TransferLimits.MaxPemLength) throw Refused($"A key in PEM has at most {TransferLimits.MaxPemLength} characters; this one has {pem.Length}.");
        ECDiffieHellman key = ECDiffieHellman.Create();
        try
        {
            key.ImportFromPem(pem);
            if (string.Equals(key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value, ECCurve.NamedCurves.nistP256.Oid.Value, StringComparison.Ordinal)) return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new LatentDbException(ErrorCode.InvalidRequest, $"The text is no {kind} key in PEM.", e);
        }

        key.Dispose();
        throw Refused($"The {kind} key is not on P-256 (prime256v1).");
    }

    private static byte[] PointOf(ECDiffieHellman key)
    {
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        return [.. point.X!, .. point.Y!];
    }

    private static byte[] MarkOf(byte[] point) => SHA256.HashData(point)[..RecipientProtection.MarkBytes];

    private static LatentDbException Refused(string message) => new(ErrorCode.InvalidRequest, message);
}
