using LatentDb.Silo.Http.Streams;

namespace LatentDb.Silo.Http.Description;

/// <summary>What a route takes and gives, in the words that OpenAPI is made of.</summary>
internal static class RouteDescription
{
    /// <summary>What any request may be told: no key, the wrong one, too much going on, a defect, not now.</summary>
    private static readonly int[] Always = [401, 403, 429, 500, 503];

    public static RouteHandlerBuilder Reads(this RouteHandlerBuilder route, params object[] parameters) => route.WithMetadata(parameters);

    public static RouteHandlerBuilder Streams(this RouteHandlerBuilder route, ApiStream stream) => route.WithMetadata(stream);

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route)
        where T : notnull => route.Accepts<T>("application/json");

    public static RouteHandlerBuilder TakesArchive(this RouteHandlerBuilder route) => route.Accepts<Stream>(ArchiveSecret.MediaType, "application/octet-stream");

    public static void GivesArchive(this RouteHandlerBuilder route, string name, string summary, params int[] problems) =>
        route.Produces<Stream>(StatusCodes.Status200OK, ArchiveSecret.MediaType).Document(name, summary, problems);

    public static void Gives<T>(this RouteHandlerBuilder route, int status, string name, string summary, params int[] problems) =>
        route.Produces<T>(status, "application/json").Document(name, summary, problems);

    public static void GivesNothing(this RouteHandlerBuilder route, string name, string summary, params int[] problems) =>
        route.Produces(StatusCodes.Status204NoContent).Document(name, summary, problems);

    /// <summary>One JSON object a line.</summary>
    public static void GivesLines(this RouteHandlerBuilder route, string name, string summary, params int[] problems) =>
        route.Produces<string>(StatusCodes.Status200OK, "application/x-ndjson").Document(name, summary, problems);

    /// <summary>Server-sent events: progress, then done with the report.</summary>
    public static void Reports<T>(this RouteHandlerBuilder route, string name, string summary, params int[] problems) =>
        route.Produces<T>(StatusCodes.Status200OK, "text/event-stream").Document(name, summary, problems);

    private static void Document(this RouteHandlerBuilder route, string name, string summary, int[] problems)
    {
        route.WithName(name).WithSummary(summary);
        foreach (int status in (int[])[.. problems, .. Always]) route.Produces<ApiProblem>(status, ProblemWriter.ContentType);
    }
}

/// <summary>Marks a verb that can also answer with server-sent events.</summary>
/// <param name="Description">The events.</param>
internal sealed record ApiStream(string Description);
