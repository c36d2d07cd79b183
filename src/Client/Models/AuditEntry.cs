namespace LatentDb.Client.Models;

/// <summary>A line of the audit log: who did what, and how it ended. Never what was said.</summary>
/// <param name="Seq">1, 2, 3, ...</param>
/// <param name="Time">When.</param>
/// <param name="Tenant">Whose memories it was about; null = nobody's.</param>
/// <param name="Key">Id of the key; null = none, or one that is not known.</param>
/// <param name="Action">Name of the operation, as in the API's description.</param>
/// <param name="Target">Ids of what it was about.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Request">Request id; null for a count.</param>
/// <param name="Address">Where it came from.</param>
/// <param name="Count">How many of these there were; null = this one.</param>
/// <param name="Prev">SHA-256 of the line before, as hex.</param>
public sealed record AuditEntry(
    long Seq,
    DateTimeOffset Time,
    string? Tenant,
    string? Key,
    string Action,
    string? Target,
    int? Status,
    string? Request,
    string? Address,
    long? Count,
    string Prev);

/// <summary>A part of the audit log.</summary>
/// <param name="Items">Lines in order.</param>
/// <param name="NextAfter">Where the next part begins; null when these were the last.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Items, long? NextAfter);

/// <summary>What the check of the whole log found.</summary>
/// <param name="IsWhole">Nothing was edited, taken away, added or moved.</param>
/// <param name="Lines">Lines that follow each other as they were written.</param>
/// <param name="First">The first of them.</param>
/// <param name="Head">The newest line.</param>
/// <param name="HeadHash">Its SHA-256: kept elsewhere, it shows later that nothing up to here was changed.</param>
/// <param name="Faults">Where the chain breaks; the first 100.</param>
public sealed record AuditVerdict(bool IsWhole, long Lines, long First, long Head, string HeadHash, IReadOnlyList<AuditFault> Faults);

/// <summary>A break of the chain.</summary>
/// <param name="After">The last line that is as it was written.</param>
/// <param name="What">What is wrong with what follows.</param>
public sealed record AuditFault(long After, string What);
