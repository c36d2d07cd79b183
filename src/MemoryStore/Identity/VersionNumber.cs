namespace LatentDb.MemoryStore.Identity;

/// <summary>The number of a version of one memory: 1 is the new memory, each commit adds one.</summary>
public readonly record struct VersionNumber(long Value) : IComparable<VersionNumber>
{
    public static readonly VersionNumber First = new(1);

    public VersionNumber Next() => new(Value + 1);

    public int CompareTo(VersionNumber other) => Value.CompareTo(other.Value);

    public static bool operator <(VersionNumber a, VersionNumber b) => a.Value < b.Value;

    public static bool operator >(VersionNumber a, VersionNumber b) => a.Value > b.Value;

    public static bool operator <=(VersionNumber a, VersionNumber b) => a.Value <= b.Value;

    public static bool operator >=(VersionNumber a, VersionNumber b) => a.Value >= b.Value;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
