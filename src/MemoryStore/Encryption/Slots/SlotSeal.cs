using System.Security.Cryptography;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>Wraps data keys into slots and out of them again.</summary>
internal static class SlotSeal
{
    /// <summary>A slot with a key, wrapped under the newest key of its tenant; <see cref="KeySlot.Finish"/> is still to be called.</summary>
    /// <remarks>
    /// Nonces are random. NIST SP 800-38D (8.3) allows 2^32 of them under one key: a tenant would have to make a thousand memories a second for 49 days
    /// in one shard without a rotation, and an opening wraps nothing again.
    /// </remarks>
    public static byte[] Wrap(MemoryUid uid, TenantEntry tenant, ReadOnlySpan<byte> key)
    {
        byte[] slot = new byte[KeySlot.Bytes];
        new KeySlot(SlotState.Present, tenant.Index, tenant.Newest.Generation, uid).Write(slot);
        Span<byte> sealedBytes = KeySlot.Sealed(slot);
        Span<byte> nonce = sealedBytes[..EncryptionLimits.NonceBytes];
        RandomNumberGenerator.Fill(nonce);
        bool isDone = tenant.Newest.Key.TrySeal(nonce, slot.AsSpan(0, KeySlot.AadBytes), key, sealedBytes[EncryptionLimits.NonceBytes..]);
        ObjectDisposedException.ThrowIf(!isDone, typeof(TenantKey));
        return slot;
    }

    /// <summary>Unwraps the key of a slot.</summary>
    /// <returns>False when the generation's key was dropped meanwhile.</returns>
    /// <exception cref="AuthenticationTagMismatchException">The slot does not belong to that key.</exception>
    public static bool TryUnwrap(ReadOnlySpan<byte> slot, TenantKey tenant, Span<byte> key)
    {
        ReadOnlySpan<byte> sealedBytes = slot.Slice(KeySlot.SealedOffset, KeySlot.SealedBytes);
        return tenant.Key.TryOpen(
            sealedBytes[..EncryptionLimits.NonceBytes], slot[..KeySlot.AadBytes], sealedBytes[EncryptionLimits.NonceBytes..], key);
    }

    /// <summary>The same key in a slot under the newest key of its tenant; null when it cannot be unwrapped.</summary>
    public static byte[]? Rewrap(in KeySlot content, ReadOnlySpan<byte> slot, TenantEntry tenant)
    {
        if (tenant.Find(content.Generation) is not TenantKey before) return null;
        Span<byte> key = stackalloc byte[EncryptionLimits.KeyBytes];
        try
        {
            return TryUnwrap(slot, before, key) ? Wrap(content.Uid, tenant, key) : null;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
