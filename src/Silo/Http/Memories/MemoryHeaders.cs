using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http.Memories;

/// <summary>Headers by which protocols that have no word for a memory name one.</summary>
internal static class MemoryHeaders
{
    /// <summary>Which memory.</summary>
    public const string Memory = "X-Memory-Id";

    /// <summary>true: a memory that is missing is made.</summary>
    public const string Create = "X-Memory-Create";

    /// <summary>The value of a header; null when absent.</summary>
    /// <exception cref="ParameterException">invalid_request: it comes more than once or is empty.</exception>
    public static string? Read(HttpRequest request, string header)
    {
        if (!request.Headers.TryGetValue(header, out var values)) return null;
        return values.Count == 1 && !string.IsNullOrEmpty(values[0]) ? values[0] : throw Invalid(header, "must come once and not be empty");
    }

    /// <summary>A header that is true or false; null when absent.</summary>
    /// <exception cref="ParameterException">invalid_request: it is something else.</exception>
    public static bool? ReadFlag(HttpRequest request, string header) => Read(request, header) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw Invalid(header, "must be true or false"),
    };

    public static ParameterException Invalid(string header, string why) => new(ErrorCode.InvalidRequest, header, $"{header} {why}.");
}
