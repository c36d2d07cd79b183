using System.Globalization;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Shards;

/// <summary>The uid under which a model's own blocks stand: the first half of its fingerprint, which is a SHA-256 and so never a random uid.</summary>
internal static class GenesisUid
{
    private const int Digits = 32;

    public static MemoryUid Of(ModelFingerprint fingerprint) =>
        new(UInt128.Parse(fingerprint.Value.AsSpan(0, Digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
