using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>From what a caller gave to the cipher of an archive, or none.</summary>
internal static class ArchiveLocks
{
    /// <summary>For a new archive.</summary>
    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static (ArchiveProtection Protection, ArchiveCipher? Cipher) New(ExportOptions options)
    {
        if (options is { Passphrase: not null, RecipientPublicKey: not null }) throw Refused("An archive is protected to a passphrase or to a key, not to both.");
        if (options.Passphrase is string passphrase)
        {
            (PassphraseProtection protection, byte[] key) = ArchiveKeys.NewForPassphrase(passphrase);
            return (protection, new ArchiveCipher(key));
        }

        if (options.RecipientPublicKey is string recipient)
        {
            (RecipientProtection protection, byte[] key) = ArchiveKeys.NewForRecipient(recipient);
            return (protection, new ArchiveCipher(key));
        }

        return (NoProtection.Instance, null);
    }

    /// <summary>For an archive whose header was read.</summary>
    /// <exception cref="LatentDbException">invalid_request when what was given is not what the archive needs; archive_invalid.</exception>
    public static ArchiveCipher? Open(ArchiveProtection protection, ImportOptions options)
    {
        switch (protection)
        {
            case PassphraseProtection p:
                if (options.PrivateKey is not null || options.Passphrase is null) throw Refused("The archive is protected to a passphrase: give it, and no key.");
                return new ArchiveCipher(ArchiveKeys.Open(p, options.Passphrase));
            case RecipientProtection r:
                if (options.Passphrase is not null || options.PrivateKey is null)
                {
                    throw Refused($"The archive is protected to the key {Convert.ToHexStringLower(r.RecipientMark)}: give its private half, and no passphrase.");
                }

                return new ArchiveCipher(ArchiveKeys.Open(r, options.PrivateKey));
            default:
                // Whoever expects a protected archive must not be given another one instead.
                if (options.Passphrase is not null || options.PrivateKey is not null) throw Refused("The archive is not protected: import it without a passphrase or key.");
                return null;
        }
    }

    private static LatentDbException Refused(string message) => new(ErrorCode.InvalidRequest, message);
}
