using System.Globalization;
using System.Text;

namespace LatentDb.MemoryStore.Identity;

/// <summary>One shard of a data folder: an owner, two logs, an index.</summary>
public readonly record struct ShardId(int Value)
{
    /// <summary>The shard that a memory belongs to, stable for ever: CRC-32C of the key's text, over the count of shards.</summary>
    public static ShardId Of(MemoryKey key, int shards) => new((int)(Checksum.Crc32C(Encoding.UTF8.GetBytes(key.ToString())) % (uint)shards));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"shard-{Value:D4}");
}
