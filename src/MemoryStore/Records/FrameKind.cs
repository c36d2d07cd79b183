namespace LatentDb.MemoryStore.Records;

/// <summary>What a frame holds. The values are the on-disk format; a reader refuses kinds that it does not know.</summary>
/// <remarks>Reserved: 10 fork, 11 erase (data key destroyed), 12 wrapped key, 13 relocation by compaction, 14 import.</remarks>
internal enum FrameKind : byte
{
    /// <summary>One slice of a block; block log only.</summary>
    BlockSlice = 1,

    /// <summary>First frame of an epoch's manifest log: which earlier epochs it continues, with their seals.</summary>
    EpochOpened = 2,

    /// <summary>Manifest and blocks of a model's genesis.</summary>
    Genesis = 3,

    /// <summary>A new memory; also its version 1.</summary>
    MemoryCreated = 4,

    /// <summary>A tombstone.</summary>
    MemoryDeleted = 5,

    /// <summary>A version made by an inject or a rollback.</summary>
    Version = 6,

    /// <summary>A snapshot got its name.</summary>
    SnapshotCreated = 7,

    /// <summary>A snapshot lost its name.</summary>
    SnapshotDeleted = 8,

    /// <summary>The whole index as of the frame before.</summary>
    Checkpoint = 9,
}

/// <summary>Bits of a frame's header; a reader refuses bits that it does not know.</summary>
[Flags]
internal enum FrameFlags : ushort
{
    None = 0,

    /// <summary>Reserved: the payload is sealed with AES-256-GCM and the checksum is over the ciphertext.</summary>
    Encrypted = 1,

    /// <summary>Reserved: the payload is compressed.</summary>
    Compressed = 2,

    /// <summary>The record was copied from an earlier epoch: it holds content, and changes no state when replayed.</summary>
    Copied = 4,

    /// <summary>What this version of the format may contain.</summary>
    Known = Copied,
}
