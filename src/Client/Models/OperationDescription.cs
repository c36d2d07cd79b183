namespace LatentDb.Client.Models;

/// <summary>A write that was accepted to be made later.</summary>
/// <param name="Id">Its name.</param>
/// <param name="MemoryId">The memory.</param>
/// <param name="Kind">inject or inject_batch.</param>
/// <param name="Status">queued, running, succeeded, failed or cancelled.</param>
/// <param name="AcceptedAt">When it became durable.</param>
/// <param name="EndedAt">When it succeeded, failed or was cancelled; null = not yet.</param>
/// <param name="Items">Injects that it is made of.</param>
/// <param name="Versions">For each item the version that it made; null for one that has made none (yet).</param>
/// <param name="FailedItem">The place of the item that failed, counted from 0; those after it were not tried.</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="IdempotencyKey">The key it was accepted under.</param>
/// <param name="Author">Id of the API key that asked.</param>
public sealed record OperationDescription(
    string Id,
    string MemoryId,
    string Kind,
    string Status,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? EndedAt,
    int Items,
    IReadOnlyList<long?> Versions,
    int? FailedItem,
    Problem? Problem,
    string? IdempotencyKey,
    string? Author)
{
    /// <summary>It has not ended: it waits or is being made.</summary>
    public bool IsPending => Status is "queued" or "running";
}
