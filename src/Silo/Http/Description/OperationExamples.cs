using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LatentDb.Silo.Http.Description;

/// <summary>What a request and its answers look like: the files of the folder Examples, which travel inside the program, one for each tag of the document.</summary>
internal static class OperationExamples
{
    /// <summary>What the project file puts before the name of each of them.</summary>
    private const string Prefix = "openapi-examples/";

    /// <summary>The key of a body, beside the statuses of the answers.</summary>
    private const string RequestKey = "request";

    private static readonly FrozenDictionary<string, JsonObject> ByOperation = Load();

    /// <summary>The names of the operations that have examples.</summary>
    public static IEnumerable<string> Operations => ByOperation.Keys;

    /// <summary>A body that the operation takes; a copy.</summary>
    public static JsonNode? Request(string operation) => Find(operation, RequestKey);

    /// <summary>What the operation answers with that status; a copy.</summary>
    public static JsonNode? Answer(string operation, string status) => Find(operation, status);

    private static JsonNode? Find(string operation, string key) => ByOperation.TryGetValue(operation, out JsonObject? examples) ? examples[key]?.DeepClone() : null;

    private static FrozenDictionary<string, JsonObject> Load()
    {
        Assembly assembly = typeof(OperationExamples).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .SelectMany(name => Read(assembly, name))
            .ToFrozenDictionary(p => p.Key, p => p.Value!.AsObject(), StringComparer.Ordinal);
    }

    private static JsonObject Read(Assembly assembly, string name)
    {
        using Stream source = assembly.GetManifestResourceStream(name)!;
        return JsonNode.Parse(source, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false })!.AsObject();
    }
}
