namespace LatentDb.MemoryStore.Replication.Followers;

/// <summary>What a silo's folder must have of a shard before the silo may become its owner.</summary>
internal enum CopyNeed
{
    /// <summary>Nobody has had the shard before.</summary>
    None,

    /// <summary>The shard lies in a folder that was never copied: something of it must be there, and is the truth.</summary>
    Some,

    /// <summary>Copies of it are kept: this one must not be in the middle of being filled.</summary>
    Whole,
}
