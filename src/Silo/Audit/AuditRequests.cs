using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Audit;

/// <summary>
/// Notes every write and every administrative action before its answer begins, and counts reads and refusals. Stands before the authentication, so that it
/// sees who was not let in.
/// </summary>
internal sealed class AuditRequests(RequestDelegate next, AuditLog log, AuditTally tally, AuditService service)
{
    private const int ClientClosedRequest = 499;

    /// <summary>Erasing gives room back and is what a person may have a right to, so it is never refused beforehand for want of room for a line.</summary>
    private const string Erase = "eraseMemory";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint route || route.Metadata.GetMetadata<RequiredRole>() is { Role: null })
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        bool isWrite = IsWrite(route, context.Request);
        string action = route.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "unnamed";
        if (isWrite && action != Erase) await log.RequireWritableAsync(context.RequestAborted).ConfigureAwait(false);
        var request = new AuditedRequest(action, isWrite);
        context.Features.Set(new AuditNote());
        context.Response.OnStarting(() => NoteBeforeAnswerAsync(context, request));

        // An answer that never began, because nobody was there for it, is noted at the end; so is a write in the middle of a stream.
        context.Response.OnCompleted(() => NoteAsync(context, request, context.Response.HasStarted ? context.Response.StatusCode : ClientClosedRequest));
        await next(context).ConfigureAwait(false);
    }

    /// <summary>Whatever takes more than a reader's role and is not just looked at.</summary>
    private static bool IsWrite(RouteEndpoint route, HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && route.Metadata.GetMetadata<RequiredRole>()?.Role is not Role.Reader;

    /// <summary>
    /// When the line cannot be written although it could a moment ago, the answer is not sent: the caller sees a broken connection, which tells him
    /// what is true, that the outcome is not known.
    /// </summary>
    private async Task NoteBeforeAnswerAsync(HttpContext context, AuditedRequest request)
    {
        try
        {
            await NoteAsync(context, request, context.Response.StatusCode).ConfigureAwait(false);
        }
        catch (LatentDbException error) when (error.Code == AuditErrorCode.AuditUnavailable)
        {
            context.Abort();
        }
    }

    private Task NoteAsync(HttpContext context, AuditedRequest request, int status)
    {
        var caller = context.Features.Get<Caller>();
        AuditNote? note = AuditNote.Of(context);
        bool isRefused = caller is null || status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests;
        bool isWrite = (request.IsWrite || note?.Action is not null) && !isRefused;
        if (request.IsNoted && !(isWrite && !request.IsNotedAsWrite)) return Task.CompletedTask;
        (request.IsNoted, request.IsNotedAsWrite) = (true, isWrite);
        string? address = AddressOf(context);
        if (isWrite)
        {
            string? target = note?.Target ?? AuditTarget.Of(context);
            return log.AppendAsync(new AuditEntry(caller!.Tenant.Value, caller.Author, note?.Action ?? request.Action, target, status, context.TraceIdentifier, address), CancellationToken.None);
        }

        AuditEntry kind = caller is null
            ? new AuditEntry(null, context.Features.Get<RefusedKey>()?.Id, "refused", null, status, null, address)
            : new AuditEntry(caller.Tenant.Value, caller.Author, isRefused ? "refused" : "read", null, isRefused ? status : null, null, address);
        if (!tally.Count(kind)) service.FlushSoon();
        return Task.CompletedTask;
    }

    private static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress is not { } address
        ? null
        : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    private sealed class AuditedRequest(string action, bool isWrite)
    {
        public string Action { get; } = action;

        public bool IsWrite { get; } = isWrite;

        public bool IsNoted { get; set; }

        public bool IsNotedAsWrite { get; set; }
    }
}
