using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Which key seals which record: a memory's own for what it holds, the shard's for what is about all of them.</summary>
internal sealed class ShardKeys(Keyring keyring)
{
    /// <summary>The shard itself, in the keyring.</summary>
    public static MemoryUid ShardUid => default;

    public Keyring Keyring => keyring;

    /// <summary>The key of a record of the manifest log. The caller disposes of it.</summary>
    /// <exception cref="LatentDbException">memory_not_found when the memory was erased; data_damaged when there never was a key.</exception>
    public FrameKey For(FrameKind kind, MemoryUid memory, FrameCipher cipher)
    {
        MemoryUid owner = OwnerOf(kind, memory);
        if (keyring.Find(owner) is DataKey key) return new FrameKey(cipher, key);
        throw keyring.StateOf(owner) == KeyState.Erased
            ? new LatentDbException(ErrorCode.MemoryNotFound, "The memory was erased.")
            : new LatentDbException(ErrorCode.DataDamaged, $"There is no key for memory {owner}.");
    }

    /// <summary>True when the record cannot be read any more, because its memory was erased.</summary>
    public bool IsErased(FrameKind kind, MemoryUid memory) => keyring.StateOf(OwnerOf(kind, memory)) == KeyState.Erased;

    /// <summary>Erasures must be readable when the key is gone; genesis and directory belong to no memory.</summary>
    public static MemoryUid OwnerOf(FrameKind kind, MemoryUid memory) => kind switch
    {
        FrameKind.Genesis or FrameKind.MemoryErased or FrameKind.Checkpoint or FrameKind.DirectoryPage or FrameKind.Relocated => ShardUid,
        _ => memory,
    };
}
