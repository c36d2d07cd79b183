using System.Collections.Immutable;
using System.Text.Json.Serialization;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>What a scrub found.</summary>
/// <param name="Damages">Every damage, up to a bound; those that keep a shard from opening first.</param>
/// <param name="DamageCount">All damages, also those beyond the bound.</param>
/// <param name="Skipped">What could not be checked beside the traffic, and why, in words.</param>
/// <param name="Totals">What was checked.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record ScrubReport(
    ImmutableArray<StoreDamage> Damages, long DamageCount, ImmutableArray<string> Skipped, ScrubTotals Totals, double Seconds)
{
    /// <summary>True when everything that was checked is as it was written.</summary>
    public bool IsClean => DamageCount == 0;
}

/// <summary>What a scrub has checked.</summary>
/// <param name="Memories">Memories, with every version and every block.</param>
/// <param name="Versions">Versions whose content was rebuilt.</param>
/// <param name="Slices">Slices that were decrypted and compared with their checksums.</param>
/// <param name="Frames">Frames of the logs, live or not, whose checksums and chain were compared.</param>
/// <param name="KeySlots">Slots of the key files, each in both copies.</param>
/// <param name="Bytes">Bytes that were read from disk.</param>
public sealed record ScrubTotals(long Memories, long Versions, long Slices, long Frames, long KeySlots, long Bytes);

/// <summary>One place on disk that is not as it was written.</summary>
/// <param name="Kind">What is damaged.</param>
/// <param name="Place">Where it is.</param>
/// <param name="Message">What is wrong there, in words.</param>
/// <param name="Needs">Which versions of which memories cannot be read because of it; none = nothing that lives needs it.</param>
public sealed record StoreDamage(DamageKind Kind, DamagePlace Place, string Message, ImmutableArray<DamageNeed> Needs)
{
    /// <summary>True when the shard serves now, but could not be opened again with this damage. A checkpoint or a restart from a backup helps.</summary>
    public bool KeepsShardFromOpening { get; init; }
}

/// <summary>Where a damage is; what does not apply is null.</summary>
/// <param name="Shard">Number of the shard; -1 for the store's own files.</param>
/// <param name="Epoch">Owner of the log.</param>
/// <param name="Log">"manifest" or "blocks".</param>
/// <param name="Segment">Number of the segment file.</param>
/// <param name="Address">Address in the log, or number of the key slot.</param>
/// <param name="File">Name of the file, from the data folder on; null when only the address is known.</param>
public sealed record DamagePlace(int Shard, long? Epoch, string? Log, int? Segment, long? Address, string? File);

/// <summary>Versions that need what is damaged.</summary>
/// <param name="Memory">Name of the memory, "tenant/memory".</param>
/// <param name="Versions">Their numbers.</param>
public sealed record DamageNeed(string Memory, ImmutableArray<VersionSpan> Versions)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Versions.Words()} of {Memory}";
}

/// <summary>What a damage is of.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DamageKind>))]
public enum DamageKind
{
    /// <summary>Bytes of a log that no frame vouches for, a frame whose checksums do not match, or one that does not follow the one before.</summary>
    Frame,

    /// <summary>A log that does not end where its commit record or its seal says.</summary>
    LogEnd,

    /// <summary>A segment file that is needed and is not there.</summary>
    SegmentMissing,

    /// <summary>A copy of a commit record.</summary>
    CommitRecord,

    /// <summary>The header of a log.</summary>
    LogHeader,

    /// <summary>One of the small files that name shards and epochs.</summary>
    StateFile,

    /// <summary>A copy of a slot of a key file, or a whole copy.</summary>
    KeyCopy,

    /// <summary>A slot of which no copy is left: some memory cannot be read any more.</summary>
    KeyLost,

    /// <summary>The file of tenants' keys, in one half or both.</summary>
    TenantKeys,

    /// <summary>The state of a memory.</summary>
    MemoryState,

    /// <summary>The record of a version.</summary>
    Version,

    /// <summary>The texts of an accepted operation that waits.</summary>
    Operation,

    /// <summary>A slice of a block.</summary>
    Block,

    /// <summary>What memories of a model begin with.</summary>
    Genesis,

    /// <summary>A page of the directory of memories.</summary>
    Directory,

    /// <summary>The count of live bytes by which compaction goes.</summary>
    Usage,
}
