using LatentDb.Silo.Api.Archives;
using LatentDb.Silo.Api.Inject;
using LatentDb.Silo.Api.Memories;
using LatentDb.Silo.Api.Operations;
using LatentDb.Silo.Api.Query;
using LatentDb.Silo.Api.Snapshots;
using LatentDb.Silo.Api.Versions;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Api;

/// <summary>The whole API on one screen.</summary>
internal static class Routes
{
    private static readonly ApiStream Stream = new("With stream: events token {\"text\"}, then done with the whole answer, or error with a problem.");

    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder v1 = app.MapGroup("/v1/memories").WithTags("memories");
        v1.MapPost("/", CreateMemory.HandleAsync).Needs(Role.Writer).Reads(ApiParameter.IdempotencyKey).Takes<CreateMemory.Body>().Gives<MemoryBody>(201, "createMemory", "Creates a memory.", 400, 409, 413, 415, 422, 507);
        v1.MapGet("/", ListMemories.HandleAsync).Needs(Role.Reader).Reads(ApiParameter.Limit, ApiParameter.Cursor).Gives<MemoryPageBody>(200, "listMemories", "Lists memories in order of id.", 400);
        v1.MapGet("/{id}", GetMemory.HandleAsync).Needs(Role.Reader).Gives<MemoryBody>(200, "getMemory", "A memory and its head.", 400, 404);
        v1.MapDelete("/{id}", EraseMemory.HandleAsync).Needs(Role.Admin).Reads(ApiParameter.IfMatch, ApiParameter.IdempotencyKey).GivesNothing("eraseMemory", "Erases a memory for good: its key is destroyed before the answer.", 400, 404, 412, 507);
        v1.MapPost("/{id}/fork", ForkMemory.HandleAsync).Needs(Role.Writer).Reads(ApiParameter.IdempotencyKey).Takes<ForkMemory.Body>().Gives<MemoryBody>(201, "forkMemory", "Creates a memory from a version of this one.", 400, 404, 409, 410, 413, 415, 422, 507);
        v1.MapPost("/{id}/inject", InjectText.HandleAsync).Needs(Role.Writer).Reads(ApiParameter.IfMatch, ApiParameter.IdempotencyKey, ApiParameter.Prefer).Takes<InjectText.Body>().Accepts().Gives<InjectText.Answer>(200, "inject", "Writes text into a memory.", 400, 404, 409, 412, 413, 415, 422, 507);
        v1.MapPost("/{id}/inject/batch", InjectBatch.HandleAsync).Needs(Role.Writer).Reads(ApiParameter.IfMatch, ApiParameter.IdempotencyKey, ApiParameter.Prefer).Takes<InjectBatch.Body>().Accepts().Gives<InjectBatch.Answer>(200, "injectBatch", "Writes several texts into a memory, one version each, until one fails.", 400, 404, 409, 412, 413, 415, 422, 507);
        v1.MapGet("/{id}/operations", ListOperations.HandleAsync).Needs(Role.Reader).Reads(ApiParameter.Limit, ApiParameter.Cursor).Gives<OperationPageBody>(200, "listOperations", "Accepted writes, newest first.", 400, 404);
        v1.MapGet("/{id}/operations/{operation}", GetOperation.HandleAsync).Needs(Role.Reader).Gives<OperationBody>(200, "getOperation", "An accepted write and what became of it.", 400, 404);
        v1.MapDelete("/{id}/operations/{operation}", CancelOperation.HandleAsync).Needs(Role.Writer).Gives<OperationBody>(200, "cancelOperation", "Calls an accepted write off while it waits.", 400, 404, 409, 507);
        v1.MapPost("/{id}/query", Query).Needs(Role.Reader).Takes<QueryBody>().Streams(Stream).Gives<QueryAnswer>(200, "query", "Asks the model with one version of a memory; with stream, server-sent events.", 400, 404, 409, 410, 413, 415, 422);
        v1.MapGet("/{id}/versions", ListVersions.HandleAsync).Needs(Role.Reader).Reads(ApiParameter.Limit, ApiParameter.Cursor).Gives<VersionPageBody>(200, "listVersions", "Versions, newest first.", 400, 404);
        v1.MapGet("/{id}/versions/{version}", GetVersion.HandleAsync).Needs(Role.Reader).Gives<VersionBody>(200, "getVersion", "One version.", 400, 404, 410);
        v1.MapGet("/{id}/versions/{version}/text", GetVersionText.HandleAsync).Needs(Role.Reader).Gives<GetVersionText.Answer>(200, "getVersionText", "The text that a version injected.", 400, 404, 410);
        v1.MapGet("/{id}/diff", DiffVersions.HandleAsync).Needs(Role.Reader).Reads(ApiParameter.From, ApiParameter.To).Gives<DiffBody>(200, "diffVersions", "What differs between two versions: texts, blocks, rows per layer.", 400, 404, 409, 410);
        v1.MapPost("/{id}/rollback", RollBack.HandleAsync).Needs(Role.Writer).Reads(ApiParameter.IfMatch, ApiParameter.IdempotencyKey).Takes<RollBack.Body>().Gives<RollBack.Answer>(200, "rollback", "Makes a new head with the content of an older version.", 400, 404, 409, 410, 412, 413, 415, 422, 507);
        v1.MapPost("/{id}/snapshots", CreateSnapshot.HandleAsync).Needs(Role.Writer).Reads(ApiParameter.IfMatch, ApiParameter.IdempotencyKey).Takes<CreateSnapshot.Body>().Gives<SnapshotBody>(201, "createSnapshot", "Names a version.", 400, 404, 409, 410, 412, 413, 415, 422, 507);
        v1.MapGet("/{id}/snapshots", ListSnapshots.HandleAsync).Needs(Role.Reader).Gives<SnapshotListBody>(200, "listSnapshots", "All snapshots, by name.", 400, 404);
        v1.MapDelete("/{id}/snapshots/{name}", DeleteSnapshot.HandleAsync).Needs(Role.Writer).Reads(ApiParameter.IdempotencyKey).GivesNothing("deleteSnapshot", "Takes a snapshot's name away.", 400, 404, 422, 507);
        v1.MapGet("/{id}/export", Export).Needs(Role.Reader).Reads(ApiParameter.At, ApiParameter.Passphrase, ApiParameter.Recipient).GivesArchive("exportMemory", "The memory as one archive.", 400, 404, 410);
        v1.MapPost("/import", Import).Needs(Role.Writer).Reads(ApiParameter.NewId, ApiParameter.Passphrase, ApiParameter.PrivateKey, ApiParameter.IdempotencyKey).TakesArchive().Gives<MemoryBody>(201, "importMemory", "Makes a memory of an archive.", 400, 409, 413, 415, 422, 507);
    }

    /// <summary>The other answer of a verb that can be made later.</summary>
    private static RouteHandlerBuilder Accepts(this RouteHandlerBuilder route) => route.Produces<OperationBody>(StatusCodes.Status202Accepted, "application/json");

    private static Task Query(string id, HttpContext context, RequestScope scope, QueryMemory query) => query.HandleAsync(id, context, scope);

    private static Task Export(string id, HttpContext context, RequestScope scope, ExportMemory export) => export.HandleAsync(id, context, scope);

    private static Task<IResult> Import(HttpContext context, RequestScope scope, ImportMemory import) => import.HandleAsync(context, scope);
}
