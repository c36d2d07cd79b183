using System.Text.Json.Serialization.Metadata;
using LatentDb.Silo.Http.Description;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace LatentDb.Silo.Composition;

/// <summary>The OpenAPI document: title, and names for schemas that stay the same when types move.</summary>
internal static class OpenApiSetup
{
    public static void Configure(OpenApiOptions options)
    {
        options.CreateSchemaReferenceId = NameOf;
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (ApiParameter parameter in context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiParameter>()) Add(operation, parameter);
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiStream>().FirstOrDefault() is { } stream) Add(operation, stream);
            return Task.CompletedTask;
        });
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

    private static void Add(OpenApiOperation operation, ApiParameter parameter)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = parameter.Name,
            In = parameter.IsHeader ? ParameterLocation.Header : ParameterLocation.Query,
            Description = parameter.Description,
            Schema = new OpenApiSchema { Type = parameter.IsNumber ? JsonSchemaType.Integer : JsonSchemaType.String },
        });
    }

    private static void Add(OpenApiOperation operation, ApiStream stream)
    {
        if (operation.Responses?["200"].Content is not { } content) return;
        content.Add("text/event-stream", new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = stream.Description } });
    }
}
