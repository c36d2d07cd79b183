using System.Globalization;

namespace LatentDb.MemoryStore.Time;

/// <summary>
/// A hybrid logical time: UTC ticks (100 ns) that never run back, because each stamp is at least one tick after the one before
/// (Kulkarni et al. 2014, with the counter folded into the lowest tick).
/// </summary>
/// <param name="UtcTicks">100 ns since 0001-01-01T00:00:00Z.</param>
public readonly record struct HybridTimestamp(long UtcTicks) : IComparable<HybridTimestamp>
{
    public DateTimeOffset ToUtc() => new(UtcTicks, TimeSpan.Zero);

    public int CompareTo(HybridTimestamp other) => UtcTicks.CompareTo(other.UtcTicks);

    public static bool operator <(HybridTimestamp a, HybridTimestamp b) => a.UtcTicks < b.UtcTicks;

    public static bool operator >(HybridTimestamp a, HybridTimestamp b) => a.UtcTicks > b.UtcTicks;

    public static bool operator <=(HybridTimestamp a, HybridTimestamp b) => a.UtcTicks <= b.UtcTicks;

    public static bool operator >=(HybridTimestamp a, HybridTimestamp b) => a.UtcTicks >= b.UtcTicks;

    /// <summary>RFC 3339 with all seven digits, so that the text names the stamp exactly.</summary>
    public override string ToString() => ToUtc().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
