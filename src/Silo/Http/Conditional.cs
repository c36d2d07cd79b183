using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Http;

/// <summary>A conflict of versions is 412 for a caller who sent If-Match, and 409 for one who lost a race he did not know of.</summary>
internal static class Conditional
{
    public static async Task<T> RunAsync<T>(Func<Task<T>> write, VersionNumber? expected)
    {
        try
        {
            return await write().ConfigureAwait(false);
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.VersionConflict && expected is not null)
        {
            throw new LatentDbException(HttpErrorCode.PreconditionFailed, error.Message, error);
        }
    }
}
