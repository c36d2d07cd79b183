using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Audit;

/// <summary>What a request is about, by the ids of its address; never by its body. What is no valid id is left out, because it might be anything.</summary>
internal static class AuditTarget
{
    private static readonly string[] Parts = ["id", "name", "version", "operation", "op", "keyId", "tenant"];

    public static string? Of(HttpContext context)
    {
        string? made = MadeBy(context.Response.Headers.Location);
        string[] ids = [.. Parts.Select(part => context.Request.RouteValues[part] as string).OfType<string>().Where(IsValid)];
        string about = string.Join('/', made is null || ids.Contains(made) ? ids : [.. ids, made]);
        return about.Length > 0 ? about : null;
    }

    /// <summary>The last part of the address of what was made.</summary>
    private static string? MadeBy(string? location)
    {
        if (string.IsNullOrEmpty(location)) return null;
        string last = Uri.UnescapeDataString(location[(location.LastIndexOf('/') + 1)..]);
        return IsValid(last) ? last : null;
    }

    private static bool IsValid(string text)
    {
        try
        {
            NameRules.Require(text, "id");
            return true;
        }
        catch (LatentDbException)
        {
            return false;
        }
    }
}
