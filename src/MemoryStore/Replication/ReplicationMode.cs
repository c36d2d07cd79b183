namespace LatentDb.MemoryStore.Replication;

/// <summary>When a write counts as made.</summary>
public enum ReplicationMode
{
    /// <summary>There is one copy, in a folder that all silos see.</summary>
    None,

    /// <summary>As soon as the owner has it on its disk; followers come after it, and a promotion may lose what they had not.</summary>
    Async,

    /// <summary>When every copy that may follow the owner has it on its disk.</summary>
    Quorum,
}
