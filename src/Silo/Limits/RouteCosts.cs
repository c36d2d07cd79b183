using System.Collections.Frozen;

namespace LatentDb.Silo.Limits;

/// <summary>What each route takes of its tenant's limits, by the name of its operation; a test compares the names with the routes.</summary>
internal static class RouteCosts
{
    public static FrozenDictionary<string, Costs> ByOperation { get; } = new Dictionary<string, Costs>(StringComparer.Ordinal)
    {
        ["createMemory"] = Costs.Memory | Costs.Growth,
        ["forkMemory"] = Costs.Memory | Costs.Growth,
        ["importMemory"] = Costs.Memory | Costs.Growth | Costs.Upload,
        ["inject"] = Costs.Inject | Costs.Growth,
        ["injectBatch"] = Costs.Inject | Costs.Growth,
        ["query"] = Costs.Generation,
        ["createChatCompletion"] = Costs.Generation,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Costs Of(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IEndpointNameMetadata>() is { } named ? ByOperation.GetValueOrDefault(named.EndpointName) : Costs.None;
}
