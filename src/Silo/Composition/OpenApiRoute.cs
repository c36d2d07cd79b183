using System.Security.Cryptography;
using LatentDb.Silo.Http.Description;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace LatentDb.Silo.Composition;

/// <summary>
/// GET /openapi/v1.json. The document is made once: it is open to everybody, costs tens of milliseconds to make, and would repeat the caller's Host header
/// as the server's address if it were made for each request.
/// </summary>
internal sealed class OpenApiRoute([FromKeyedServices(OpenApiRoute.Name)] IOpenApiDocumentProvider documents)
{
    public const string Name = "v1";

    private readonly Lock _gate = new();
    private Task<Document>? _document;

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet($"/openapi/{Name}.json", (OpenApiRoute route, CancellationToken cancellationToken) => route.HandleAsync(cancellationToken)).OpenToAll().ExcludeFromDescription();

    private async Task<IResult> HandleAsync(CancellationToken cancellationToken)
    {
        Document document = await GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return Results.Bytes(document.Bytes, "application/json; charset=utf-8", entityTag: document.Tag);
    }

    private Task<Document> GetAsync()
    {
        lock (_gate)
        {
            // One that could not be made is tried again.
            if (_document is null or { IsFaulted: true }) _document = MakeAsync();
            return _document;
        }
    }

    private async Task<Document> MakeAsync()
    {
        OpenApiDocument document = await documents.GetOpenApiDocumentAsync(CancellationToken.None).ConfigureAwait(false);
        using var stream = new MemoryStream();
        await document.SerializeAsJsonAsync(stream, OpenApiSpecVersion.OpenApi3_1, CancellationToken.None).ConfigureAwait(false);
        byte[] bytes = stream.ToArray();
        return new Document(bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\""));
    }

    private sealed record Document(byte[] Bytes, EntityTagHeaderValue Tag);
}
