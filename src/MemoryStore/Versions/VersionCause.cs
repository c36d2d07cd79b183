namespace LatentDb.MemoryStore.Versions;

/// <summary>Why a version exists. The values are part of the on-disk format; 4 to 6 are reserved for fork, import and erase.</summary>
public enum VersionCause : byte
{
    /// <summary>The memory was created from the model's genesis.</summary>
    Create = 1,

    /// <summary>Text was injected.</summary>
    Inject = 2,

    /// <summary>The head was set back to an older version's content.</summary>
    Rollback = 3,
}
