using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Shards.Damages;

/// <summary>Tells damage from other failures, and says what it reaches.</summary>
internal static class DamageWords
{
    /// <summary>True when the bytes on disk are not what was written.</summary>
    public static bool IsDamage(this LatentDbException error) => error.Code == ErrorCode.DataDamaged || error.Code == ErrorCode.UnsupportedFormat;

    /// <summary>The same, or the disk does not give them back, which may be better the next time.</summary>
    public static bool IsUnreadable(this LatentDbException error) =>
        error.IsDamage()
        || (error.Code == ErrorCode.StoreUnavailable && (error.InnerException is IOException || (error.InnerException is LatentDbException cause && cause.IsUnreadable())));

    /// <summary>A slice that cannot be read: whose it is, where it stands, and who needs it.</summary>
    public static LatentDbException OfSlice(SliceAddress address, MemoryKey? owner, RecordLocation location, ImmutableArray<MemoryNeed> needs, LatentDbException cause) => new(
        cause.Code,
        $"Block {address.Block.Sequence} of {NameOf(owner)}, layer {address.Layer}, part {address.Part}, is damaged at {Place(location, LogName.Blocks)}; {NeededBy(needs)}: {cause.Message}",
        cause);

    /// <summary>The record of a version that cannot be read.</summary>
    public static LatentDbException OfContent(MemoryKey memory, VersionNumber version, RecordLocation location, ImmutableArray<VersionSpan> versions, LatentDbException cause) => new(
        cause.Code,
        $"The record of version {version} of {memory} is damaged at {Place(location, LogName.Manifest)}; {NeededBy([new MemoryNeed(memory, versions)])}: {cause.Message}",
        cause);

    /// <summary>A memory whose state cannot be read: it cannot be used at all.</summary>
    public static LatentDbException OfState(MemoryKey memory, RecordLocation location, LatentDbException cause) => new(
        cause.Code, $"The state of {memory} is damaged at {Place(location, LogName.Manifest)}; all its versions need it: {cause.Message}", cause);

    /// <summary>A memory whose state could not be read when its shard was opened and changes of it were lying in the log.</summary>
    public static LatentDbException OfLostState(MemoryKey memory) => new(
        ErrorCode.DataDamaged,
        $"The state of {memory} was damaged when its shard was opened, and changes after it could not be taken over; restore it from a backup, or erase it.");

    public static string Place(RecordLocation location, LogName log) => $"epoch {location.Epoch}, {NameOf(log)} log, address {location.Addresses[0]}";

    public static string NameOf(LogName log) => log == LogName.Manifest ? "manifest" : "block";

    private static string NeededBy(ImmutableArray<MemoryNeed> needs) => needs.IsEmpty ? "no version that could be read needs it" : $"needed by {string.Join(" and ", needs)}";

    private static string NameOf(MemoryKey? owner) => owner is MemoryKey key ? key.ToString() : "an erased memory or a model";
}
