using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>Bounds of what callers may have kept with a write.</summary>
internal static class WriteRules
{
    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static void Check(WriteOrigin origin)
    {
        CheckLength(origin.OperationId, "An idempotency key", StoreLimits.MaxOperationIdLength);
        CheckLength(origin.Author, "An author", StoreLimits.MaxAuthorLength);
    }

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static void Check(MemoryKey key, VersionDraft draft)
    {
        Check(new WriteOrigin(draft.OperationId, draft.Author));
        CheckMetadata(key, draft.Metadata, StoreLimits.MaxVersionMetadataBytes);
        CheckText(key, draft.Text);
    }

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static void Check(MemoryKey key, OperationDraft draft)
    {
        Check(draft.Origin);
        if (draft.Items.Length is 0 or > StoreLimits.MaxOperationItems) throw Invalid($"An operation has 1 to {StoreLimits.MaxOperationItems} items; this one has {draft.Items.Length}.");
        foreach (OperationItem item in draft.Items)
        {
            CheckMetadata(key, item.Metadata, StoreLimits.MaxVersionMetadataBytes);
            CheckText(key, item.Text);
        }
    }

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static void CheckMetadata(MemoryKey key, string? metadata, int maxBytes)
    {
        int bytes = metadata is null ? 0 : Encoding.UTF8.GetByteCount(metadata);
        if (bytes > maxBytes) throw Invalid($"The metadata of {key} has {bytes} bytes; at most {maxBytes} are allowed.");
    }

    private static void CheckText(MemoryKey key, string? text)
    {
        int bytes = text is null ? 0 : Encoding.UTF8.GetByteCount(text);
        if (bytes > StoreLimits.MaxTextBytes) throw Invalid($"The text for {key} has {bytes} bytes; at most {StoreLimits.MaxTextBytes} are kept.");
    }

    private static void CheckLength(string? value, string noun, int maxLength)
    {
        if (value is null || (value.Length > 0 && value.Length <= maxLength)) return;
        throw Invalid($"{noun} has 1 to {maxLength} characters; this one has {value.Length}.");
    }

    private static LatentDbException Invalid(string message) => new(ErrorCode.InvalidRequest, message);
}
