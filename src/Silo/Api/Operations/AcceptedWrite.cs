using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Operations;

/// <summary>The answer to a write that is made later: 202, and where to ask for it.</summary>
internal static class AcceptedWrite
{
    public static IResult Answer(HttpContext context, string memory, AcceptedOperation accepted)
    {
        HttpResponse response = context.Response;
        ResponseHeaders.Replayed(response, accepted.IsReplay);
        response.Headers["Preference-Applied"] = RequestHeaders.RespondAsyncPreference;
        response.Headers.Location = $"/v1/memories/{Uri.EscapeDataString(memory)}/operations/{accepted.Operation.Uid}";
        return Show(context, memory, accepted.Operation, StatusCodes.Status202Accepted);
    }

    /// <summary>An operation; while it is pending, with a hint when to ask again.</summary>
    public static IResult Show(HttpContext context, string memory, WriteOperation operation, int status = StatusCodes.Status200OK)
    {
        if (operation.IsPending) context.Response.Headers.RetryAfter = "1";
        return Results.Json(OperationBody.Of(memory, operation, context.TraceIdentifier), ApiJson.Options, statusCode: status);
    }
}
