namespace LatentDb.MemoryStore.Versions;

/// <summary>Why a version exists. The values are part of the on-disk format.</summary>
public enum VersionCause : byte
{
    /// <summary>The memory was created from the model's genesis.</summary>
    Create = 1,

    /// <summary>Text was injected.</summary>
    Inject = 2,

    /// <summary>The head was set back to an older version's content.</summary>
    Rollback = 3,

    /// <summary>The memory began with the content of another one's version.</summary>
    Fork = 4,

    /// <summary>The memory was read from an archive of one version.</summary>
    Import = 5,
}
