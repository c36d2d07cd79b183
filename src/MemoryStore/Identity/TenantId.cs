namespace LatentDb.MemoryStore.Identity;

/// <summary>A tenant: the owner of memories, and the border that no request crosses.</summary>
public readonly record struct TenantId
{
    /// <summary>The tenant that is served when no keys are configured.</summary>
    public static readonly TenantId Default = new("default");

    private TenantId(string value) => Value = value;

    public string Value { get; }

    /// <exception cref="Errors.LatentDbException">invalid_name.</exception>
    public static TenantId Parse(string? text) => new(NameRules.Require(text, "tenant id"));

    public override string ToString() => Value;
}
