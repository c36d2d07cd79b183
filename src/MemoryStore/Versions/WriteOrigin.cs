using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Versions;

/// <summary>Who asked for a write, and under which idempotency key.</summary>
/// <param name="OperationId">A second write of the memory under the same key changes nothing and gets the first one's answer; at most 136 characters. Null = none.</param>
/// <param name="Author">Id of the API key that asked; at most 64 characters. Null = unknown.</param>
public sealed record WriteOrigin(string? OperationId, string? Author)
{
    /// <summary>Nobody in particular, without a key.</summary>
    public static WriteOrigin None { get; } = new(null, null);

    /// <summary>What was asked for, so that another request under the same key is refused; null = the key alone decides.</summary>
    public RequestDigest? Digest { get; init; }
}

/// <summary>Tells two requests apart: the first half of a SHA-256 over what was asked for.</summary>
public readonly record struct RequestDigest(UInt128 Value)
{
    /// <summary>The digest of some texts in order; null is not the same as empty, and no two lists of texts run together.</summary>
    public static RequestDigest Of(params ReadOnlySpan<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (string? part in parts)
        {
            byte[]? bytes = part is null ? null : Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes?.Length ?? -1);
            hash.AppendData(length);
            if (bytes is not null) hash.AppendData(bytes);
        }

        return new RequestDigest(BinaryPrimitives.ReadUInt128BigEndian(hash.GetHashAndReset()));
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What a write under a key did. The values are the on-disk format; the first five are those of <see cref="VersionCause"/>.</summary>
public enum WriteVerb : byte
{
    /// <summary>The memory was created.</summary>
    Create = 1,

    /// <summary>Text was injected.</summary>
    Inject = 2,

    /// <summary>The head was set back.</summary>
    Rollback = 3,

    /// <summary>The memory was forked from another.</summary>
    Fork = 4,

    /// <summary>The memory was imported.</summary>
    Import = 5,

    /// <summary>A version got a name.</summary>
    CreateSnapshot = 6,

    /// <summary>A version lost a name.</summary>
    DeleteSnapshot = 7,
}

/// <summary>A write that was made under an idempotency key: what a second one under it is answered with.</summary>
/// <param name="Key">The key.</param>
/// <param name="Verb">What the write did.</param>
/// <param name="Digest">What was asked for; null when it is not known.</param>
/// <param name="Version">The version that it made or named; for what made none, the head.</param>
/// <param name="At">When.</param>
public sealed record KeyedWrite(string Key, WriteVerb Verb, RequestDigest? Digest, VersionNumber Version, HybridTimestamp At)
{
    /// <summary>Throws unless a request under the same key asks for the same.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch.</exception>
    public void Require(WriteVerb verb, RequestDigest? digest)
    {
        if (verb != Verb) throw Mismatch($"by a {Verb}");
        if (digest is not null && Digest is not null && digest != Digest) throw Mismatch("with another request");
    }

    private LatentDbException Mismatch(string how) =>
        new(ErrorCode.IdempotencyMismatch, $"The idempotency key '{Key}' was used {how} before; choose another, or send the same request.");
}
