namespace LatentDb.MemoryStore.Encryption;

/// <summary>Every bound of the encryption room, with its unit and its origin.</summary>
internal static class EncryptionLimits
{
    /// <summary>Bytes of every key: AES-256.</summary>
    public const int KeyBytes = 32;

    /// <summary>Bytes of a nonce: what GCM takes without hashing it first (NIST SP 800-38D, 8.2).</summary>
    public const int NonceBytes = 12;

    /// <summary>Bytes of a tag: the longest that GCM has.</summary>
    public const int TagBytes = 16;

    /// <summary>Memories of one shard that have a key or an erased mark: 4 GiB a copy, and a number of a slot stays an int.</summary>
    public const int MaxSlots = 1 << 25;

    /// <summary>Tenants of one shard: their keys are in RAM, some 300 bytes each.</summary>
    public const int MaxTenants = 1 << 20;

    /// <summary>Unwrapped data keys that a shard keeps in RAM, some 150 bytes each; what is not kept costs one read of 128 bytes.</summary>
    public const int MaxUnwrappedKeys = 16 * 1024;

    /// <summary>Ciphers that one log keeps ready, 1 KiB each in the cryptography library; another one costs some microseconds.</summary>
    public const int MaxReadyCiphers = 1024;

    /// <summary>Changes that wait for the writer of a keyring before callers are held back.</summary>
    public const int MaxWaitingChanges = 4096;

    /// <summary>Changes that one pair of syncs makes durable.</summary>
    public const int MaxChangesTogether = 1024;

    /// <summary>Slots that a rotation rewraps between two pairs of syncs: half a MiB a copy, so that other changes wait for milliseconds.</summary>
    public const int SlotsRewrappedTogether = 4096;

    /// <summary>Slots by which the files grow at least: one page of 4096 bytes.</summary>
    public const int MinSlotsGrown = 32;

    /// <summary>Slots by which the files grow at most: 1 MiB a copy.</summary>
    public const int MaxSlotsGrown = 8192;

    /// <summary>Calls of a master key's provider at once: enough to hide the way to a key service, few enough for its rate limit.</summary>
    public const int CallsAtOnce = 16;

    /// <summary>Bytes of the file of tenant keys: a million tenants with two generations each.</summary>
    public const int MaxTenantFileBytes = 1 << 29;

    /// <summary>Bytes of a wrapped tenant key: key services answer with a few hundred.</summary>
    public const int MaxWrappedKeyBytes = 8192;

    /// <summary>Characters of a master key's name: the ARN of a cloud's key service fits.</summary>
    public const int MaxMasterKeyIdLength = 512;

    /// <summary>Bytes of a file of master keys, and of the environment variable.</summary>
    public const int MaxMasterKeyFileBytes = 64 * 1024;
}
