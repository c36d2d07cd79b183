namespace LatentDb.MemoryStore.Backup;

/// <summary>Where backups go. Two places, because whoever has both and the master key can read everything, and because keys are never kept for long.</summary>
/// <param name="Data">Points in time and their pieces: sealed frames, of no use without the keys.</param>
/// <param name="Keys">The newest keys of each shard, wrapped; a memory that was erased is in no copy of them, and so in no backup.</param>
public sealed record BackupPlaces(IObjectPlace Data, IObjectPlace Keys);
