namespace LatentDb.MemoryStore.Replication;

/// <summary>What was done to a shard's folder. The number goes over the wire.</summary>
internal enum ChangeKind
{
    /// <summary>A folder and those above it were made.</summary>
    Folder = 1,

    /// <summary>A file was made, or emptied.</summary>
    Create = 2,

    /// <summary>The same, for its owner's eyes alone.</summary>
    CreatePrivate = 3,

    /// <summary>Bytes were written at a place.</summary>
    Write = 4,

    /// <summary>A file was synced.</summary>
    Sync = 5,

    /// <summary>A file got another name, over whatever had it.</summary>
    Move = 6,

    /// <summary>A file was removed.</summary>
    Delete = 7,

    /// <summary>A folder was removed with all that was in it.</summary>
    DeleteFolder = 8,

    /// <summary>The names in a folder were synced.</summary>
    SyncFolder = 9,

    /// <summary>The follower's names become those of the listing in the bytes; what its files hold is sent afterwards.</summary>
    BeginCopy = 10,

    /// <summary>Everything was sent: the follower syncs all of it and is a copy from here on.</summary>
    EndCopy = 11,
}
