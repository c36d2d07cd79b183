namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>How an archive's records are sealed: what its header says about it. Holds no secret.</summary>
internal abstract record ArchiveProtection(ProtectionKind Kind)
{
    /// <summary>A salt per archive, as long as the hash that it goes into, makes every archive's key its own.</summary>
    public const int SaltBytes = 32;
}

/// <summary>The values are part of the format.</summary>
internal enum ProtectionKind
{
    None = 0,
    Passphrase = 1,
    Recipient = 2,
}

/// <summary>Checksums and seals only: whoever has the archive can read it, and change it.</summary>
internal sealed record NoProtection() : ArchiveProtection(ProtectionKind.None)
{
    public static readonly NoProtection Instance = new();
}

/// <summary>AES-256-GCM under PBKDF2-HMAC-SHA-512 of a passphrase.</summary>
internal sealed record PassphraseProtection(byte[] Salt, int Rounds) : ArchiveProtection(ProtectionKind.Passphrase);

/// <summary>AES-256-GCM under the secret that an ephemeral key shares with the recipient's public key, both on P-256.</summary>
/// <param name="Salt">Of the key derivation.</param>
/// <param name="EphemeralPoint">The sender's ephemeral public key: X, then Y.</param>
/// <param name="RecipientMark">The first bytes of SHA-256 of the recipient's public point: tells which key opens the archive.</param>
internal sealed record RecipientProtection(byte[] Salt, byte[] EphemeralPoint, byte[] RecipientMark) : ArchiveProtection(ProtectionKind.Recipient)
{
    public const int PointBytes = 64;
    public const int MarkBytes = 8;
}
