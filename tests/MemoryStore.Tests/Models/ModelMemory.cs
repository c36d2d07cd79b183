using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Models;

/// <summary>What a memory is: a list of versions that only grows, names for some of them, and the operations that were answered.</summary>
internal sealed class ModelMemory(ModelVersion first)
{
    public List<ModelVersion> Versions { get; } = [first];

    /// <summary>Name to number.</summary>
    public SortedDictionary<string, int> Snapshots { get; } = new(StringComparer.Ordinal);

    /// <summary>Idempotency key to the number that it was answered with.</summary>
    public Dictionary<string, int> Operations { get; } = new(StringComparer.Ordinal);

    public ModelVersion Head => Versions[^1];

    public int HeadNumber => Versions.Count;

    /// <summary>Null when the version can be read; otherwise why not.</summary>
    public ErrorCode? RefusalOf(int number) => number > Versions.Count ? ErrorCode.VersionNotFound : Versions[number - 1].IsDropped ? ErrorCode.VersionExpired : null;

    /// <summary>Retention: all but the newest go, unless a snapshot names them. The keys that they answered are remembered, so that no write is made twice.</summary>
    public void KeepNewest(int count)
    {
        for (int number = 1; number <= HeadNumber - count; number++)
        {
            if (!Snapshots.ContainsValue(number)) Versions[number - 1].IsDropped = true;
        }
    }

    /// <summary>Why a second write under a key is refused: it is of another kind, or its answer is gone. Null when it gets the first answer.</summary>
    public ErrorCode? RefusalOf(string operationId, VersionCause cause)
    {
        int number = Operations[operationId];
        return Versions[number - 1].Cause != cause ? ErrorCode.IdempotencyMismatch : RefusalOf(number);
    }

    /// <summary>Any number as that of a version; one more than there are names one that is not there.</summary>
    public int Number(int any) => (any % (Versions.Count + 1)) + 1;
}

/// <summary>What a version must be.</summary>
/// <param name="Content">Pool and bank.</param>
/// <param name="Cause">What made it.</param>
/// <param name="RestoredFrom">The number of the version whose content it took; 0 = none.</param>
/// <param name="OperationId">The caller's key.</param>
/// <param name="CommittedAt">Taken from the store's answer; the model only demands that it grows.</param>
internal sealed record ModelVersion(ModelContent Content, VersionCause Cause, int RestoredFrom, string? OperationId, HybridTimestamp CommittedAt)
{
    public bool IsDropped { get; set; }

    public ForkSource? ForkedFrom { get; init; }

    public string? Author { get; init; }

    public string? Metadata { get; init; }

    /// <summary>The source text, where it was kept.</summary>
    public string? Kept { get; init; }

    public string Text { get; } = Content.ToText();
}
