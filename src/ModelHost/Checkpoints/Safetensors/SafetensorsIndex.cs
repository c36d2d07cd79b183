using System.Collections.Immutable;

namespace LatentDb.ModelHost.Checkpoints.Safetensors;

/// <summary>model.safetensors.index.json: which shard holds which tensor.</summary>
/// <param name="ShardOf">Tensor name → file name within the folder.</param>
internal sealed record SafetensorsIndex(ImmutableSortedDictionary<string, string> ShardOf)
{
    public const string FileName = "model.safetensors.index.json";

    /// <summary>File names, each once.</summary>
    public ImmutableArray<string> Shards { get; } = [.. ShardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: not an index, or a shard outside the folder.</exception>
    public static SafetensorsIndex Parse(string file, ReadOnlyMemory<byte> json)
    {
        ConfigObject map = ConfigObject.Parse(file, json).Object("weight_map") ?? throw CheckpointErrors.Key(file, "weight_map", "is missing.");
        var shardOf = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach ((string tensor, string shard) in map.TextPairs())
        {
            bool isPlainName = shard.EndsWith(".safetensors", StringComparison.Ordinal) && shard.IndexOfAny(['/', '\\', '\0']) < 0;
            if (!isPlainName) throw CheckpointErrors.Tensor(file, tensor, $"is said to be in '{CheckpointErrors.Shorten(shard)}', which is not a safetensors file of the folder.");
            shardOf.Add(tensor, shard);
        }

        var index = new SafetensorsIndex(shardOf.ToImmutable());
        if (index.Shards.IsEmpty) throw CheckpointErrors.Key(file, "weight_map", "is empty.");
        if (index.Shards.Length > CheckpointLimits.MaxShards) throw CheckpointErrors.Key(file, "weight_map", $"names {index.Shards.Length} files; at most {CheckpointLimits.MaxShards} are allowed.");
        return index;
    }

    /// <summary>Every tensor must be where the index says, and the shards must hold nothing else.</summary>
    public void Check(string file, string shard, SafetensorsHeader header)
    {
        var present = header.Entries.Select(e => e.Name).ToHashSet(StringComparer.Ordinal);
        string? missing = ShardOf.FirstOrDefault(p => p.Value == shard && !present.Contains(p.Key)).Key;
        if (missing is not null) throw CheckpointErrors.Tensor(file, missing, $"should be in '{shard}' and is not there.");
        SafetensorsEntry? extra = header.Entries.FirstOrDefault(e => !ShardOf.TryGetValue(e.Name, out string? home) || home != shard);
        if (extra is not null) throw CheckpointErrors.Tensor(file, extra.Name, $"is in '{shard}', but the index does not say so.");
    }
}
