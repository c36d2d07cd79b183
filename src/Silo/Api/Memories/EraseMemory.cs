using LatentDb.Grains.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>DELETE /v1/memories/{id}: answered when the memory cannot be read by anybody any more.</summary>
internal static class EraseMemory
{
    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = scope.Memory(id);
        var command = new EraseCommand(RequestHeaders.IfMatch(context.Request), scope.Origin(context.Request));
        bool isReplay = await Conditional.RunAsync(() => memory.EraseAsync(command, cancellationToken), command.ExpectedHead).ConfigureAwait(false);
        ResponseHeaders.Replayed(context.Response, isReplay);
        return Results.NoContent();
    }
}
