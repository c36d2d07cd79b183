using System.Numerics;

namespace LatentDb.MemoryStore.Log;

/// <summary>Sizes of a log. Page and segment bytes are part of its format: they stand in its header, and readers take them from there.</summary>
/// <param name="PageBytes">Power of two; no entry crosses a page.</param>
/// <param name="MemoryBytes">Pages that the engine holds for writing; of no meaning to readers.</param>
/// <param name="SegmentBytes">Bytes of one file; a power of two.</param>
internal sealed record LogGeometry(int PageBytes, long MemoryBytes, long SegmentBytes)
{
    /// <summary>The engine's own bytes before each entry: XOR checksum (8) and length (4).</summary>
    public const int EntryHeaderBytes = 12;

    /// <summary>The engine leaves this much free at the start of a log.</summary>
    public const long FirstAddress = 64;

    /// <summary>What one device write is atomic in at best; commits end at its multiples.</summary>
    public const int SectorBytes = 4096;

    /// <summary>A quarter of it must hold a frame's header, an operation id and some payload.</summary>
    public const int MinPageBytes = 8 << 10;

    /// <summary>The engine's largest usable page is 1 GiB; beyond 64 MiB nothing gets faster.</summary>
    public const int MaxPageBytes = 64 << 20;

    /// <summary>Beyond it an address divided by it would still fit, but no file system copies such a file gladly.</summary>
    public const long MaxSegmentBytes = 1L << 36;

    private const int EntriesPerPage = 4;

    /// <summary>Small ordered frames: 64 KiB pages, 16 of them in memory, so that an image of a large manifest does not wait for the disk.</summary>
    public static LogGeometry Manifest { get; } = new(64 << 10, 1 << 20, 64 << 20);

    /// <summary>Tensors: below 4 MiB a page, writing falls to a tenth of the disk's speed.</summary>
    public static LogGeometry Blocks { get; } = new(4 << 20, 16 << 20, 256 << 20);

    /// <summary>Four entries of this size, each with its 12 bytes, fill a page exactly.</summary>
    public int MaxEntryBytes => (PageBytes / EntriesPerPage) - EntryHeaderBytes;

    /// <summary>Whether a log may have these sizes at all; a header that says otherwise is not one of ours.</summary>
    public static bool IsPossible(long pageBytes, long segmentBytes) =>
        pageBytes is >= MinPageBytes and <= MaxPageBytes && BitOperations.IsPow2(pageBytes)
        && segmentBytes >= pageBytes && segmentBytes <= MaxSegmentBytes && BitOperations.IsPow2(segmentBytes);
}
