namespace LatentDb.Client.Models;

/// <summary>The store in a few numbers.</summary>
/// <param name="Shards">Shards of the data folder.</param>
/// <param name="Memories">Memories of all shards.</param>
/// <param name="LiveBytes">Bytes that something refers to.</param>
/// <param name="FileBytes">Bytes of all segment files.</param>
/// <param name="FreeDiskBytes">Bytes that the disk of the data folder still takes.</param>
/// <param name="Failure">Why a shard takes no writes; null while all do.</param>
/// <param name="Amplification">Bytes on disk for each live byte.</param>
public sealed record StoreStats(int Shards, long Memories, long LiveBytes, long FileBytes, long FreeDiskBytes, string? Failure, double Amplification);
