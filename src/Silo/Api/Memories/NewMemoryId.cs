using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>Names for memories whose makers give none.</summary>
internal static class NewMemoryId
{
    /// <summary>
    /// Under an idempotency key the name comes from the key, so that a repetition finds the memory that the first request made; else it is a new one.
    /// </summary>
    public static string For(RequestScope scope, string verb, WriteOrigin origin)
    {
        if (origin.OperationId is null) return Guid.CreateVersion7().ToString();
        UInt128 digest = RequestDigest.Of("new memory", scope.Tenant.Value, verb, origin.OperationId).Value;

        // The shape of a UUID of version 8: bits of our own, marked as such.
        UInt128 marked = (digest & ~((UInt128)0xF << 76) & ~((UInt128)0x3 << 62)) | ((UInt128)0x8 << 76) | ((UInt128)0x2 << 62);
        return Guid.ParseExact(marked.ToString("x32", System.Globalization.CultureInfo.InvariantCulture), "N").ToString();
    }
}
