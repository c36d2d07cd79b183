namespace LatentDb.MemoryStore.Integrity;

/// <summary>The store in a few numbers, cheap enough to be asked every few seconds.</summary>
/// <param name="Shards">Shards of the data folder.</param>
/// <param name="Memories">Memories of all shards.</param>
/// <param name="LiveBytes">Bytes of the frames that something refers to.</param>
/// <param name="FileBytes">Bytes of all segment files.</param>
/// <param name="FreeDiskBytes">Bytes that the disk of the data folder still takes.</param>
/// <param name="Failure">Why a shard takes no writes; null while all do.</param>
public sealed record StoreStats(int Shards, long Memories, long LiveBytes, long FileBytes, long FreeDiskBytes, string? Failure)
{
    /// <summary>Bytes on disk for each live byte.</summary>
    public double Amplification => LiveBytes == 0 ? 1 : (double)FileBytes / LiveBytes;
}
