using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Operations;

/// <summary>A write that was accepted to be made later.</summary>
/// <param name="Id">Its name.</param>
/// <param name="MemoryId">The memory.</param>
/// <param name="Kind">inject or inject_batch.</param>
/// <param name="Status">queued, running, succeeded, failed or cancelled.</param>
/// <param name="AcceptedAt">When it became durable, RFC 3339.</param>
/// <param name="EndedAt">When it succeeded, failed or was cancelled.</param>
/// <param name="Items">Injects that it is made of.</param>
/// <param name="Versions">For each item the version that it made; null for one that has made none (yet).</param>
/// <param name="FailedItem">The place of the item that failed; those after it were not tried.</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="IdempotencyKey">The key it was accepted under.</param>
/// <param name="Author">Id of the API key that asked.</param>
internal sealed record OperationBody(
    string Id,
    string MemoryId,
    string Kind,
    OperationStatus Status,
    string AcceptedAt,
    string? EndedAt,
    int Items,
    long?[] Versions,
    int? FailedItem,
    ApiProblem? Problem,
    string? IdempotencyKey,
    string? Author)
{
    public static OperationBody Of(string memory, WriteOperation operation, string requestId) => new(
        operation.Uid.ToString(),
        memory,
        operation.IsBatch ? "inject_batch" : "inject",
        operation.Status,
        operation.AcceptedAt.ToString(),
        operation.EndedAt?.ToString(),
        operation.Versions.Length,
        [.. operation.Versions.Select(v => v?.Value)],
        operation.Failure?.Item,
        operation.Failure is { } failure ? ApiProblem.Of(CodeOf(failure.Code), failure.Message, requestId) : null,
        operation.Origin.OperationId,
        operation.Origin.Author);

    /// <summary>A code of a later or earlier program is shown as a defect rather than hidden.</summary>
    private static ErrorCode CodeOf(string name) => ProblemCatalog.Kinds.Keys.FirstOrDefault(code => code.Name == name) ?? ErrorCode.Internal;
}

/// <summary>A page of operations, newest first.</summary>
/// <param name="Items">The operations.</param>
/// <param name="NextCursor">Pass it as cursor for the next page; absent on the last.</param>
internal sealed record OperationPageBody(OperationBody[] Items, string? NextCursor);
