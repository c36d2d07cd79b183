namespace LatentDb.Client.Models;

/// <summary>How far long work is.</summary>
/// <param name="BytesDone">Bytes so far.</param>
/// <param name="BytesTotal">Bytes in all, as far as is known; null = unknown.</param>
public sealed record ByteProgress(long BytesDone, long? BytesTotal);
