using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// Manifests that a model silo keeps, by a digest of their bytes: a query of a memory that it knows need not bring the manifest again, and finds the plans
/// that were made for it. Least recently used out first. Thread-safe.
/// </summary>
internal sealed class ManifestShelf(long maxBytes)
{
    private static readonly ConditionalWeakTable<Manifest, Digest> Digests = [];

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, LinkedListNode<Item>> _items = [];
    private readonly LinkedList<Item> _byUse = new();
    private long _bytes;

    /// <summary>The first 16 bytes of SHA-256 over the encoded manifest; computed once in a manifest's life.</summary>
    public static UInt128 DigestOf(Manifest manifest) => Digests.GetValue(manifest, static m =>
    {
        using var bytes = new LinkBuffer();
        Write(bytes, m);
        return new Digest(DigestOf(bytes.Written.Span));
    }).Value;

    public static void Write(System.Buffers.IBufferWriter<byte> buffer, Manifest manifest)
    {
        var writer = new MessagePackWriter(buffer);
        writer.Write(manifest);
    }

    public Manifest? Find(UInt128 digest)
    {
        lock (_lock)
        {
            if (!_items.TryGetValue(digest, out LinkedListNode<Item>? node)) return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Manifest;
        }
    }

    /// <summary>Decodes what was sent and keeps it.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">data_damaged: an invariant of manifests does not hold.</exception>
    /// <exception cref="MessagePackFormatException">The bytes are no manifest, or not the one that was named.</exception>
    public Manifest Add(UInt128 digest, ReadOnlySpan<byte> bytes)
    {
        if (DigestOf(bytes) != digest) throw new MessagePackFormatException("A manifest does not have the digest that names it.");
        var reader = new MessagePackReader(bytes);
        Manifest manifest = reader.ReadManifest();
        lock (_lock)
        {
            if (_items.TryGetValue(digest, out LinkedListNode<Item>? known)) return known.Value.Manifest;
            _items.Add(digest, _byUse.AddFirst(new Item(digest, manifest, bytes.Length)));
            _bytes += bytes.Length;
            while (_bytes > maxBytes && _byUse.Last is { } last && last != _byUse.First)
            {
                _byUse.RemoveLast();
                _items.Remove(last.Value.Digest);
                _bytes -= last.Value.Bytes;
            }
        }

        return manifest;
    }

    private static UInt128 DigestOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private sealed record Item(UInt128 Digest, Manifest Manifest, int Bytes);

    private sealed record Digest(UInt128 Value);
}
