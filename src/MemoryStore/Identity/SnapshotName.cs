namespace LatentDb.MemoryStore.Identity;

/// <summary>A name for one version of one memory.</summary>
public readonly record struct SnapshotName
{
    private SnapshotName(string value) => Value = value;

    public string Value { get; }

    /// <exception cref="Errors.LatentDbException">invalid_name.</exception>
    public static SnapshotName Parse(string? text) => new(NameRules.RequireSnapshot(text));

    public override string ToString() => Value;
}
