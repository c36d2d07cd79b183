namespace LatentDb.MemoryStore.Transfer;

/// <summary>Bounds of what an archive may hold and ask for; whatever it claims beyond them is refused before anything is allocated.</summary>
public static class TransferLimits
{
    /// <summary>Bytes of a frame's plaintext: large enough that 52 bytes around it do not count, small enough that a false length costs nothing.</summary>
    public const int FrameBytes = 1 << 20;

    /// <summary>Bytes of an archive's header: it holds some two hundred, the rest is for later fields.</summary>
    public const int MaxHeaderBytes = 64 * 1024;

    /// <summary>Bytes of one record: the largest slice that the store keeps, and what stands around it.</summary>
    public const int MaxRecordBytes = StoreLimits.MaxSliceBytes + 1024;

    /// <summary>
    /// Rounds of PBKDF2-HMAC-SHA-512 for a passphrase: OWASP asked for 210,000 in 2023; three times that is about half a second once per archive.
    /// </summary>
    public const int PassphraseRounds = 600_000;

    /// <summary>Rounds that an archive may ask of its reader: twice what is written, about a second of one core for whoever sends a bad one.</summary>
    public const int MaxPassphraseRounds = 1_200_000;

    /// <summary>Characters of a passphrase at least: what NIST SP 800-63B asks of a secret that is chosen by a person.</summary>
    public const int MinPassphraseLength = 8;

    /// <summary>Characters of a passphrase at most: a limit on work, not on strength.</summary>
    public const int MaxPassphraseLength = 1024;

    /// <summary>Characters of a key in PEM: that of P-256 has some 250.</summary>
    public const int MaxPemLength = 16 * 1024;

    /// <summary>
    /// How far a version may lie in the future of the machine that imports it: clocks that are synchronised differ by less. The store's stamps never
    /// run back, so an archive from another century would push them there.
    /// </summary>
    public static readonly TimeSpan MaxClockLead = TimeSpan.FromMinutes(5);
}
