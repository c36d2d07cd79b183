namespace LatentDb.Client.Models;

/// <summary>An RFC 9457 problem as the server sends it.</summary>
/// <param name="Type">Stable URN of the error.</param>
/// <param name="Title">The same for every problem of the type.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What is wrong with this request and what to do.</param>
/// <param name="Code">The stable code; the end of the type. <c>unknown</c> when the answer was no problem document.</param>
/// <param name="Remedy">Who must act: fix_request, retry_later, call_operator, report_bug.</param>
/// <param name="RequestId">Names the request in the server's log.</param>
public sealed record Problem(string? Type, string? Title, int Status, string? Detail, string Code = "unknown", string? Remedy = null, string? RequestId = null);
