namespace LatentDb.MemoryStore.Identity;

/// <summary>The name of a memory inside its tenant, chosen by the caller or made by the server.</summary>
public readonly record struct MemoryId
{
    private MemoryId(string value) => Value = value;

    public string Value { get; }

    /// <exception cref="Errors.LatentDbException">invalid_name.</exception>
    public static MemoryId Parse(string? text) => new(NameRules.Require(text, "memory id"));

    public override string ToString() => Value;
}
