using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace LatentDb.Silo.Composition;

/// <summary>The OpenAPI document: title, tags, how to say who one is, examples, and names for schemas that stay the same when types move.</summary>
internal static class OpenApiSetup
{
    private const string BearerScheme = "bearer";

    private static readonly OpenApiTag[] Tags =
    [
        new() { Name = "memories", Description = "Memories and their versions: inject, query, snapshots, rollback, fork, archives." },
        new() { Name = "openai", Description = "The part of OpenAI's API that a memory can answer." },
        new() { Name = "mcp", Description = "The Model Context Protocol: memories as tools of an agent." },
        new() { Name = "keys", Description = "Who the caller is, and the keys, use and audit log of its tenant." },
        new() { Name = "admin", Description = "For operators: store, tenants, operators' keys, the whole audit log." },
        new() { Name = "health", Description = "For what watches the process." },
    ];

    public static void Configure(OpenApiOptions options)
    {
        options.CreateSchemaReferenceId = NameOf;
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (ApiParameter parameter in context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiParameter>()) Add(operation, parameter);
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredRole>().LastOrDefault() is { Role: null }) operation.Security = [];
            AddExamples(operation);
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiStream>().FirstOrDefault() is { } stream) Add(operation, stream);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "LatentDB";
            document.Info.Version = "v1";
            document.Info.License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" };
            document.Info.Description = "Latent memories of language-model agents: inject, query, versions, snapshots, rollback. Every error is an RFC 9457 problem whose type ends in a code of docs/errors.md.";
            document.Servers = [new OpenApiServer { Url = "/", Description = "The server that gave this document." }];
            document.Tags = Tags.ToHashSet();
            AddSecurity(document);
            RequireOnlyWhatIsNeverLeftOut(document);
            return Task.CompletedTask;
        });
    }

    /// <summary>Bodies are nested in their verbs: CreateMemory.Body is CreateMemoryBody.</summary>
    private static string? NameOf(JsonTypeInfo type)
    {
        string? name = OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        return name is not null && type.Type.DeclaringType is { } verb ? verb.Name + name : name;
    }

    private static void AddSecurity(OpenApiDocument document)
    {
        document.AddComponent<IOpenApiSecurityScheme>(BearerScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "A key of the server, which begins with ldb_. A server without keys asks for none, and then serves its own machine alone.",
        });
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [] }];
    }

    /// <summary>What is null is left out of answers, so a property that may be null is not required.</summary>
    private static void RequireOnlyWhatIsNeverLeftOut(OpenApiDocument document)
    {
        foreach (OpenApiSchema schema in document.Components?.Schemas?.Values.OfType<OpenApiSchema>() ?? [])
        {
            string[] mayBeAbsent = [.. schema.Properties?.Where(p => MayBeNull(p.Value)).Select(p => p.Key) ?? []];
            schema.Required?.ExceptWith(mayBeAbsent);
        }
    }

    private static bool MayBeNull(IOpenApiSchema schema) =>
        schema.Type?.HasFlag(JsonSchemaType.Null) is true || schema.OneOf?.Any(MayBeNull) is true || schema.AnyOf?.Any(MayBeNull) is true;

    private static void AddExamples(OpenApiOperation operation)
    {
        if (operation.OperationId is not { } id) return;
        AddExample(operation.RequestBody?.Content, OperationExamples.Request(id));
        foreach ((string status, IOpenApiResponse response) in operation.Responses ?? []) AddExample(response.Content, OperationExamples.Answer(id, status));
    }

    private static void AddExample(IDictionary<string, OpenApiMediaType>? content, JsonNode? example)
    {
        if (example is not null && content?.TryGetValue("application/json", out OpenApiMediaType? media) is true) media.Example = example;
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
