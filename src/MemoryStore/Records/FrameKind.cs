namespace LatentDb.MemoryStore.Records;

/// <summary>What a frame holds. The values are the on-disk format; a reader refuses kinds that it does not know.</summary>
/// <remarks>5 was a tombstone of format 1 and stays unused; 10 and 12 were reserved there.</remarks>
internal enum FrameKind : byte
{
    /// <summary>One slice of a block; block log only.</summary>
    BlockSlice = 1,

    /// <summary>First frame of an epoch's manifest log.</summary>
    EpochOpened = 2,

    /// <summary>Manifest and blocks of a model's genesis.</summary>
    Genesis = 3,

    /// <summary>A new memory; also its version 1.</summary>
    MemoryCreated = 4,

    /// <summary>A version made by an inject or a rollback.</summary>
    Version = 6,

    /// <summary>A snapshot got its name.</summary>
    SnapshotCreated = 7,

    /// <summary>A snapshot lost its name.</summary>
    SnapshotDeleted = 8,

    /// <summary>The index as of the frame before: earlier epochs, genesis, and where the directory stands.</summary>
    Checkpoint = 9,

    /// <summary>A memory is gone for good; its data key is destroyed after this.</summary>
    MemoryErased = 11,

    /// <summary>Records were copied to other places.</summary>
    Relocated = 13,

    /// <summary>A whole memory became visible at once: a fork or an import.</summary>
    MemoryAdded = 14,

    /// <summary>Retention dropped versions, and the blocks that no other version names.</summary>
    VersionsDropped = 15,

    /// <summary>Everything that the index knows of one memory; found through the directory.</summary>
    MemoryState = 16,

    /// <summary>Part of the directory: names and places of memories.</summary>
    DirectoryPage = 17,

    /// <summary>Injects were accepted, to be made later.</summary>
    OperationAccepted = 18,

    /// <summary>An accepted operation failed, was cancelled, or found that it had been made.</summary>
    OperationEnded = 19,
}

/// <summary>Bits of a frame's header; a reader refuses bits that it does not know.</summary>
[Flags]
internal enum FrameFlags : ushort
{
    None = 0,

    /// <summary>The payload is sealed with AES-256-GCM and ends with its tag; the checksum is over what is stored.</summary>
    Encrypted = 1,

    /// <summary>Reserved: the payload is compressed.</summary>
    Compressed = 2,

    /// <summary>The record holds content for another one to name, and changes no state when replayed.</summary>
    Copied = 4,

    /// <summary>What this version of the format may contain.</summary>
    Known = Encrypted | Copied,
}
