namespace LatentDb.Silo.Audit;

/// <summary>What happened: who did what to which object, and how it ended. Never what was said.</summary>
/// <param name="Tenant">Whose memories it was about; null = nobody's.</param>
/// <param name="Key">Id of the key; null = none, or one that is not known.</param>
/// <param name="Action">Name of the operation, as in the API's description.</param>
/// <param name="Target">Ids of what it was about, from the address alone.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Request">Request id; null for a count.</param>
/// <param name="Address">Where it came from.</param>
/// <param name="Count">How many of these there were; null = this one.</param>
internal sealed record AuditEntry(string? Tenant, string? Key, string Action, string? Target, int? Status, string? Request, string? Address, long? Count = null)
{
    /// <summary>Something that the log tells of itself.</summary>
    public static AuditEntry OfLog(string action, string target) => new(null, null, action, target, null, null, null);
}

/// <summary>A line of the log.</summary>
/// <param name="Seq">1, 2, 3, ...</param>
/// <param name="Time">RFC 3339.</param>
/// <param name="Tenant">As in <see cref="AuditEntry"/>, as are the next seven.</param>
/// <param name="Key">Id of the key.</param>
/// <param name="Action">Name of the operation.</param>
/// <param name="Target">What it was about.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Request">Request id.</param>
/// <param name="Address">Where it came from.</param>
/// <param name="Count">How many.</param>
/// <param name="Prev">SHA-256 of the line before, without its line feed, as hex.</param>
internal sealed record AuditLine(
    long Seq,
    string Time,
    string? Tenant,
    string? Key,
    string Action,
    string? Target,
    int? Status,
    string? Request,
    string? Address,
    long? Count,
    string Prev)
{
    public static AuditLine Of(AuditEntry entry, AuditPoint before, string time) => new(
        before.Seq + 1, time, entry.Tenant, entry.Key, entry.Action, entry.Target, entry.Status, entry.Request, entry.Address, entry.Count, before.Hash);
}

/// <summary>A place in the chain: a line and its hash.</summary>
/// <param name="Seq">Its number; 0 = before the first.</param>
/// <param name="Hash">SHA-256 of the line as hex.</param>
internal sealed record AuditPoint(long Seq, string Hash)
{
    /// <summary>Before the first line of all.</summary>
    public static readonly AuditPoint Origin = new(0, AuditText.HashOf("latentdb audit 1"u8));
}
