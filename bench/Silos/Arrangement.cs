namespace LatentDb.Silos;

/// <summary>Which silos there are: those that are counted have a fixed share of a core each, and a front that answers clients has what it needs.</summary>
/// <param name="Front">Roles of the front; null = clients ask the counted silos in turns.</param>
/// <param name="Counted">Roles of the silos whose number is compared.</param>
internal sealed record Arrangement(string? Front, string Counted)
{
    /// <summary>Silos that own shards, behind one that answers and computes: every inject crosses a link to its owner, with one owner as with three.</summary>
    public static Arrangement Stores { get; } = new("api,model", "store");

    /// <summary>Silos that compute, behind one that answers and owns all shards.</summary>
    public static Arrangement Models { get; } = new("store,api", "model");

    /// <summary>Silos that do everything. With one nothing crosses a link; with three two calls of three do.</summary>
    public static Arrangement Whole { get; } = new(null, "store,model,api");

    public bool OwnsInCounted => Counted.Contains("store", StringComparison.Ordinal);
}
