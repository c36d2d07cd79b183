namespace LatentDb.Silo.Audit;

/// <summary>What the check of the whole log found.</summary>
/// <param name="IsWhole">Nothing was edited, taken away, added or moved.</param>
/// <param name="Lines">Lines that follow each other as they were written.</param>
/// <param name="First">The first of them.</param>
/// <param name="Head">The newest line.</param>
/// <param name="HeadHash">Its SHA-256: kept elsewhere, it shows later that nothing up to here was changed.</param>
/// <param name="Faults">Where the chain breaks; the first 100.</param>
internal sealed record AuditVerdict(bool IsWhole, long Lines, long First, long Head, string HeadHash, IReadOnlyList<AuditFault> Faults);

/// <summary>A break of the chain.</summary>
/// <param name="After">The last line that is as it was written.</param>
/// <param name="What">What is wrong with what follows.</param>
internal sealed record AuditFault(long After, string What);
