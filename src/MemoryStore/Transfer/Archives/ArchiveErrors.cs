using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>How a reader says that these bytes are no archive that it can use.</summary>
internal static class ArchiveErrors
{
    public static LatentDbException Invalid(string what, Exception? cause = null) => new(ErrorCode.ArchiveInvalid, $"The archive {what}.", cause);
}
