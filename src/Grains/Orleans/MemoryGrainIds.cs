using LatentDb.MemoryStore.Identity;
using Orleans.Runtime;

namespace LatentDb.Grains.Orleans;

/// <summary>Names of memories as Orleans knows them: memory/tenant/name.</summary>
internal static class MemoryGrainIds
{
    public const string Type = "memory";

    public static GrainId Of(MemoryKey key) => GrainId.Create(Type, key.ToString());

    /// <exception cref="MemoryStore.Errors.LatentDbException">invalid_name.</exception>
    public static MemoryKey KeyOf(GrainId id)
    {
        string text = id.Key.ToString()!;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return new MemoryKey(TenantId.Parse(slash < 0 ? text : text[..slash]), MemoryId.Parse(slash < 0 ? null : text[(slash + 1)..]));
    }
}
