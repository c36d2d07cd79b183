using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;

namespace LatentDb.Silo.Composition;

/// <summary>The OpenAPI document: title, and names for schemas that stay the same when types move.</summary>
internal static class OpenApiSetup
{
    public static void Configure(OpenApiOptions options)
    {
        options.CreateSchemaReferenceId = NameOf;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "LatentDB";
            document.Info.Version = "v1";
            document.Info.Description = "Latent memories of language-model agents: inject, query, versions, snapshots, rollback. Every error is an RFC 9457 problem whose type ends in a code of docs/errors.md.";
            return Task.CompletedTask;
        });
    }

    /// <summary>Bodies are nested in their verbs: CreateMemory.Body is CreateMemoryBody.</summary>
    private static string? NameOf(JsonTypeInfo type)
    {
        string? name = OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        return name is not null && type.Type.DeclaringType is { } verb ? verb.Name + name : name;
    }
}
