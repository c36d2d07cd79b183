namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>The layout of an archive that both sides share. docs/format.md draws it.</summary>
internal static class ArchiveFormat
{
    /// <summary>Format of the container and of its records.</summary>
    public const int Version = 1;

    /// <summary>Magic, format and length of the header.</summary>
    public const int PreambleBytes = 16;

    /// <summary>Length of the body and flags.</summary>
    public const int FrameHeadBytes = 8;

    public const int ChecksumBytes = sizeof(uint);

    /// <summary>SHA-256 of all bytes before it.</summary>
    public const int SealBytes = 32;

    /// <summary>Tag of AES-GCM at the end of a protected body.</summary>
    public const int TagBytes = 16;

    /// <summary>A frame's head, its largest body, checksum and seal.</summary>
    public const int MaxFrameBytes = FrameHeadBytes + TransferLimits.FrameBytes + TagBytes + ChecksumBytes + SealBytes;

    /// <summary>Bytes that reader and writer begin with: a small archive needs no more; they grow to a frame when one comes.</summary>
    public const int FirstBufferBytes = 16 * 1024;

    /// <summary>A byte above 127, the name, and both line ends: a transfer that takes the archive for text is found at once (as in PNG).</summary>
    public static ReadOnlySpan<byte> Magic => [0x89, (byte)'L', (byte)'D', (byte)'B', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];
}

/// <summary>Flags of a frame. All others must be zero.</summary>
[Flags]
internal enum FrameFlags
{
    None = 0,

    /// <summary>The record goes on in the next frame; this one is full.</summary>
    Continues = 1,

    /// <summary>Nothing follows this frame.</summary>
    Last = 2,
}

/// <summary>What a record holds. The values are part of the format; a reader refuses those that it does not know.</summary>
internal enum ArchiveRecordKind : byte
{
    /// <summary>Which memory this is, and what of it: always first.</summary>
    Memory = 1,

    /// <summary>A block begins; its slices follow.</summary>
    Block = 2,

    /// <summary>One slice of the block that began last.</summary>
    Slice = 3,

    /// <summary>A version, after all blocks that it names.</summary>
    Version = 4,

    /// <summary>A range of versions that the memory no longer had.</summary>
    Gap = 5,

    Snapshot = 6,

    /// <summary>Counts of all that came before: always last.</summary>
    End = 255,
}

/// <summary>One record as read; the payload is valid until the next one is read.</summary>
internal readonly record struct ArchiveRecord(ArchiveRecordKind Kind, ReadOnlyMemory<byte> Payload);
