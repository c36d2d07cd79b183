namespace LatentDb.MemoryStore.Log;

/// <summary>Sizes of a log. Page and segment bytes are part of its format: they are recorded beside it and a mismatch is refused.</summary>
/// <param name="PageBytes">Power of two; no entry crosses a page.</param>
/// <param name="MemoryBytes">Pages that the engine holds for writing.</param>
/// <param name="SegmentBytes">Bytes of one file.</param>
/// <param name="MaxEntryBytes">Four entries of this size, each with its 12 bytes, fill a page exactly.</param>
internal sealed record LogGeometry(int PageBytes, long MemoryBytes, long SegmentBytes, int MaxEntryBytes)
{
    /// <summary>The engine's own bytes before each entry: XOR checksum (8) and length (4).</summary>
    public const int EntryHeaderBytes = 12;

    /// <summary>The engine leaves this much free at the start of a log.</summary>
    public const long FirstAddress = 64;

    /// <summary>What one device write is atomic in at best; commits end at its multiples.</summary>
    public const int SectorBytes = 4096;

    /// <summary>Small ordered frames: 64 KiB pages, 16 of them in memory, so that an image of a large manifest does not wait for the disk.</summary>
    public static LogGeometry Manifest { get; } = new(64 << 10, 1 << 20, 64 << 20, (16 << 10) - EntryHeaderBytes);

    /// <summary>Tensors: below 4 MiB a page, writing falls to a tenth of the disk's speed.</summary>
    public static LogGeometry Blocks { get; } = new(4 << 20, 16 << 20, 256 << 20, (1 << 20) - EntryHeaderBytes);
}
