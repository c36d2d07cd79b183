using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Admin.Audit;

/// <summary>Shows the audit log: a tenant's lines to its admins, all to operators.</summary>
internal sealed class AuditVerbs(AuditReader reader)
{
    private const string LinesType = "application/x-ndjson";

    /// <param name="Items">Lines in order.</param>
    /// <param name="NextAfter">Pass it as after for the next page; absent when these were the last.</param>
    internal sealed record Page(IReadOnlyList<AuditLine> Items, long? NextAfter);

    public IResult List(HttpRequest request, TenantId? tenant)
    {
        AuditPage page = reader.Read(tenant, After(request), PageCursor.Limit(request));
        return Results.Json(new Page(page.Items, page.Next), ApiJson.Options);
    }

    public IResult Verify(CancellationToken cancellationToken) => Results.Json(reader.Check(cancellationToken), ApiJson.Options);

    /// <summary>All lines as they are on disk, so that who has them can follow the chain himself.</summary>
    public async Task ExportAsync(HttpContext context)
    {
        context.Response.ContentType = LinesType;
        foreach (RawLine line in reader.ReadAll())
        {
            await context.Response.BodyWriter.WriteAsync(line.Bytes, context.RequestAborted).ConfigureAwait(false);
            await context.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static long After(HttpRequest request)
    {
        string? text = request.Query["after"];
        if (text is null) return 0;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long after)
            ? after
            : throw new LatentDbException(ErrorCode.InvalidRequest, "after must be the number of a line.");
    }
}
