namespace LatentDb.Architecture;

/// <summary>
/// The order of rooms (top-level folders) of each project: a room may use rooms of earlier levels and itself, never a room of its own level or
/// of a later one. "" is the project's root folder. ARCHITECTURE.md shows the same table.
/// </summary>
internal static class RoomOrder
{
    private static readonly string[] SiloEdge =
    [
        "LatentDb.Grains.Contracts", "LatentDb.ModelHost.Contracts",
        "LatentDb.MemoryStore.Identity", "LatentDb.MemoryStore.Versions", "LatentDb.MemoryStore.Errors", "LatentDb.MemoryStore.Time",
    ];

    public static IReadOnlyDictionary<string, string[][]> Levels { get; } = new Dictionary<string, string[][]>(StringComparer.Ordinal)
    {
        ["MemoryStore"] =
        [
            ["", "Errors"], ["Identity", "Tensors", "Time", "Telemetry", "MessagePack", "Disk"], ["Blocks", "Cluster", "Links"], ["Versions", "Replication"], ["Encryption"],
            ["Records", "Log"], ["Index"], ["Shards"], ["Timeline"], ["Retention", "Integrity", "Transfer", "Backup"], ["Hosting"],
        ],
        ["ModelHost"] =
        [
            ["", "Contracts", "Telemetry"], ["Compute", "Tokenizers", "Generation"], ["Checkpoints"], ["Model"], ["Paging"], ["Scheduling"],
            ["Remote"], ["Hosting"],
        ],
        ["Grains"] = [["Contracts", "Telemetry"], ["Wire"], ["Memories"], ["Hosting"], ["Remote"], ["Orleans"]],
        ["Silo"] = [[""], ["Security", "Telemetry"], ["Audit", "Limits", "Cluster"], ["Http"], ["Health", "Api", "OpenAi", "Mcp", "Admin", "WebConsole"], ["Orleans"], ["Composition"]],
    };

    /// <summary>Rooms of other projects that a room may name in a using directive; a room that is not listed here is free.</summary>
    public static IReadOnlyList<ForeignRule> Foreign { get; } =
    [
        new("Grains", "*", ["LatentDb.ModelHost.Contracts", "LatentDb.MemoryStore"]),
        new("Silo", "Api", SiloEdge),
        new("Silo", "Http", SiloEdge),
        new("Silo", "OpenAi", SiloEdge),
        new("Silo", "Mcp", SiloEdge),
    ];
}

/// <summary>What one room may use of other projects.</summary>
/// <param name="Project">Folder under src.</param>
/// <param name="Room">Top-level folder, or * for all.</param>
/// <param name="Allowed">Namespace prefixes under LatentDb that are allowed, besides the project's own.</param>
internal sealed record ForeignRule(string Project, string Room, string[] Allowed);
