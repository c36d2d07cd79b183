using System.Globalization;

namespace LatentDb.MemoryStore.Identity;

/// <summary>
/// What a memory is inside the store: 128 random bits given at creation. A memory that is deleted and made again under the same name
/// has another uid, so nothing of the old one can be reached through the new one.
/// </summary>
public readonly record struct MemoryUid(UInt128 Value)
{
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
