using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>One generation of a tenant's key: wrapped as it stands on disk, and ready to use.</summary>
internal sealed record TenantKey(int Generation, WrappedKey Wrapped, GcmKey Key)
{
    /// <summary>Makes a new key and has the provider wrap it.</summary>
    /// <exception cref="LatentDbException">key_unavailable.</exception>
    public static async Task<TenantKey> CreateAsync(IMasterKeyProvider master, string tenant, int generation, CancellationToken cancellationToken)
    {
        byte[] key = GC.AllocateArray<byte>(EncryptionLimits.KeyBytes, pinned: true);
        try
        {
            RandomNumberGenerator.Fill(key);
            return new TenantKey(generation, await WrapAsync(master, key, tenant, generation, cancellationToken).ConfigureAwait(false), new GcmKey(key));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Has the provider unwrap a key that was read.</summary>
    /// <exception cref="LatentDbException">key_unavailable.</exception>
    public static async Task<TenantKey> UnwrapAsync(
        IMasterKeyProvider master, WrappedKey wrapped, string tenant, int generation, CancellationToken cancellationToken)
    {
        byte[] key = await MasterKeyCalls.UnwrapAsync(master, wrapped, Context(tenant, generation), cancellationToken).ConfigureAwait(false);
        try
        {
            return new TenantKey(generation, wrapped, new GcmKey(key));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The same key under the provider's current master key.</summary>
    /// <exception cref="LatentDbException">key_unavailable.</exception>
    public async Task<TenantKey> RewrapAsync(IMasterKeyProvider master, string tenant, CancellationToken cancellationToken)
    {
        byte[] key = GC.AllocateArray<byte>(EncryptionLimits.KeyBytes, pinned: true);
        try
        {
            Key.CopyTo(key);
            return this with { Wrapped = await WrapAsync(master, key, tenant, Generation, cancellationToken).ConfigureAwait(false) };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The same key in memory of its own: whoever holds this one may dispose of it.</summary>
    public TenantKey Copy()
    {
        Span<byte> key = stackalloc byte[EncryptionLimits.KeyBytes];
        try
        {
            Key.CopyTo(key);
            return this with { Key = new GcmKey(key) };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static Task<WrappedKey> WrapAsync(IMasterKeyProvider master, byte[] key, string tenant, int generation, CancellationToken cancellationToken) =>
        MasterKeyCalls.WrapAsync(master, key, Context(tenant, generation), cancellationToken);

    /// <summary>No tenant's name has a line feed, so no two keys have the same context.</summary>
    private static byte[] Context(string tenant, int generation) => Encoding.UTF8.GetBytes($"latentdb tenant key 1\n{tenant}\n{generation}");
}

/// <summary>A tenant of the shard with the generations of its key, the newest last.</summary>
/// <param name="Index">Its number in the slots.</param>
/// <param name="Name">The tenant; empty for the shard itself, which no tenant can be called.</param>
/// <param name="Keys">At least one; two during a rotation.</param>
internal sealed record TenantEntry(int Index, string Name, ImmutableArray<TenantKey> Keys)
{
    public TenantKey Newest => Keys[^1];

    public TenantKey? Find(int generation)
    {
        foreach (TenantKey key in Keys)
        {
            if (key.Generation == generation) return key;
        }

        return null;
    }

    public string Title => Name.Length == 0 ? "the shard itself" : $"tenant {Name}";
}
