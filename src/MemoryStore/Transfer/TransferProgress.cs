namespace LatentDb.MemoryStore.Transfer;

/// <summary>How far an export or import is.</summary>
/// <param name="Bytes">Bytes of the archive so far.</param>
/// <param name="Versions">Versions so far.</param>
/// <param name="TotalVersions">Versions that the archive holds.</param>
public readonly record struct TransferProgress(long Bytes, long Versions, long TotalVersions);
