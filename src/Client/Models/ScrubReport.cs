namespace LatentDb.Client.Models;

/// <summary>What a scrub found.</summary>
/// <param name="IsClean">Everything that was checked is as it was written.</param>
/// <param name="Damages">Every damage, up to a bound; those that keep a shard from opening first.</param>
/// <param name="DamageCount">All damages, also those beyond the bound.</param>
/// <param name="Skipped">What could not be checked beside the traffic, and why, in words.</param>
/// <param name="Totals">What was checked.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record ScrubReport(bool IsClean, IReadOnlyList<StoreDamage> Damages, long DamageCount, IReadOnlyList<string> Skipped, ScrubTotals Totals, double Seconds);

/// <summary>What a scrub has checked.</summary>
/// <param name="Memories">Memories, with every version and every block.</param>
/// <param name="Versions">Versions whose content was rebuilt.</param>
/// <param name="Slices">Slices that were decrypted and compared with their checksums.</param>
/// <param name="Frames">Frames of the logs, live or not.</param>
/// <param name="KeySlots">Slots of the key files, each in both copies.</param>
/// <param name="Bytes">Bytes that were read from disk.</param>
public sealed record ScrubTotals(long Memories, long Versions, long Slices, long Frames, long KeySlots, long Bytes);

/// <summary>One place on disk that is not as it was written.</summary>
/// <param name="Kind">What is damaged.</param>
/// <param name="Place">Where it is.</param>
/// <param name="Message">What is wrong there, in words.</param>
/// <param name="Needs">Which versions of which memories cannot be read because of it; none = nothing that lives needs it.</param>
/// <param name="KeepsShardFromOpening">The shard serves now, but could not be opened again with this damage.</param>
public sealed record StoreDamage(string Kind, DamagePlace Place, string Message, IReadOnlyList<DamageNeed> Needs, bool KeepsShardFromOpening);

/// <summary>Where a damage is; what does not apply is null.</summary>
/// <param name="Shard">Number of the shard; -1 for the store's own files.</param>
/// <param name="Epoch">Owner of the log.</param>
/// <param name="Log">"manifest" or "blocks".</param>
/// <param name="Segment">Number of the segment file.</param>
/// <param name="Address">Address in the log, or number of the key slot.</param>
/// <param name="File">Name of the file, from the data folder on.</param>
public sealed record DamagePlace(int Shard, long? Epoch, string? Log, int? Segment, long? Address, string? File);

/// <summary>Versions that need what is damaged.</summary>
/// <param name="Memory">Name of the memory, "tenant/memory".</param>
/// <param name="Versions">Their numbers.</param>
public sealed record DamageNeed(string Memory, IReadOnlyList<VersionSpan> Versions);

/// <summary>Versions that follow each other.</summary>
public sealed record VersionSpan(long First, long Last);
