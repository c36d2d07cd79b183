using System.Buffers.Binary;
using System.Collections.Concurrent;
using LatentDb.MemoryStore.Errors;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.MemoryStore.Log;

/// <summary>
/// Reads the segment files of a log: one entry by address, or all in order. Knows of FASTER only that addresses run through pages without gaps,
/// that an entry has its length in the last four of 12 bytes before it, and that length zero means "go on at the next page".
/// </summary>
/// <remarks>Promises nothing about what it reads: entries are frames, and whoever asked verifies them. Thread-safe.</remarks>
internal sealed class SegmentReader(string folder, LogGeometry geometry) : IDisposable
{
    private readonly ConcurrentDictionary<int, SafeFileHandle> _files = new();

    /// <summary>An entry that begins so and goes on with zeros only fills a sector.</summary>
    public static ReadOnlySpan<byte> FillerMagic => "FILL"u8;

    public LogGeometry Geometry => geometry;

    /// <summary>Fills <paramref name="entry"/> with the entry at <paramref name="address"/>, whose length the caller knows.</summary>
    /// <exception cref="LatentDbException">data_damaged when the file is missing or too short.</exception>
    public async ValueTask ReadAsync(long address, Memory<byte> entry, CancellationToken cancellationToken)
    {
        int read = await ReadUpToAsync(address + LogGeometry.EntryHeaderBytes, entry, cancellationToken).ConfigureAwait(false);
        if (read < entry.Length) throw Damaged(address, $"{entry.Length} bytes are needed, {read} are there");
    }

    /// <summary>Reads a page from disk; what is not there is zero.</summary>
    public async ValueTask ReadPageAsync(long pageStart, Memory<byte> page, CancellationToken cancellationToken)
    {
        int read = await ReadUpToAsync(pageStart, page, cancellationToken).ConfigureAwait(false);
        page.Span[read..].Clear();
    }

    public static bool IsFiller(ReadOnlySpan<byte> entry) =>
        entry.StartsWith(FillerMagic) && !entry[FillerMagic.Length..].ContainsAnyExcept((byte)0);

    /// <summary>The entry length that stands at that place of a page; 0 when none does, -1 when it cannot be one.</summary>
    public static int EntryLength(ReadOnlySpan<byte> page, int offset)
    {
        if (page.Length - offset < LogGeometry.EntryHeaderBytes) return 0;
        int length = BinaryPrimitives.ReadInt32LittleEndian(page[(offset + LogGeometry.EntryHeaderBytes - sizeof(int))..]);
        return length >= 0 && length <= page.Length - offset - LogGeometry.EntryHeaderBytes ? length : -1;
    }

    public void Dispose()
    {
        foreach (SafeFileHandle file in _files.Values) file.Dispose();
        _files.Clear();
    }

    private async ValueTask<int> ReadUpToAsync(long address, Memory<byte> target, CancellationToken cancellationToken)
    {
        if (address < 0) throw Damaged(address, "no log has that address");
        SafeFileHandle? file = Open((int)(address / geometry.SegmentBytes));
        if (file is null) return 0;
        long offset = address % geometry.SegmentBytes;
        int read = 0;
        while (read < target.Length)
        {
            int count = await RandomAccess.ReadAsync(file, target[read..], offset + read, cancellationToken).ConfigureAwait(false);
            if (count == 0) break;
            read += count;
        }

        return read;
    }

    private SafeFileHandle? Open(int segment)
    {
        if (_files.TryGetValue(segment, out SafeFileHandle? known)) return known;
        string path = LogFolder.SegmentPath(folder, segment);
        if (!File.Exists(path)) return null;
        SafeFileHandle opened = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        SafeFileHandle kept = _files.GetOrAdd(segment, opened);
        if (kept != opened) opened.Dispose();
        return kept;
    }

    private LatentDbException Damaged(long address, string what) =>
        new(ErrorCode.DataDamaged, $"The log {Path.GetFileName(folder)} is damaged at address {address}: {what}.");
}
