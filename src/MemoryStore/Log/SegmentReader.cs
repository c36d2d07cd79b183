using System.Buffers.Binary;
using System.Collections.Concurrent;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Log;

/// <summary>
/// Reads the segment files of a log: one entry by address, or all in order. Knows of FASTER only that addresses run through pages without gaps,
/// that an entry has its length in the last four of 12 bytes before it, and that length zero means "go on at the next page".
/// </summary>
/// <remarks>Promises nothing about what it reads: entries are frames, and whoever asked verifies them. Thread-safe.</remarks>
internal sealed class SegmentReader(IDisk disk, string folder, LogGeometry geometry) : IDisposable
{
    private readonly ConcurrentDictionary<int, IDiskFile> _files = new();
    private readonly ConcurrentDictionary<int, bool> _forgotten = new();

    /// <summary>An entry that begins so and goes on with zeros only fills a sector.</summary>
    public static ReadOnlySpan<byte> FillerMagic => "FILL"u8;

    public LogGeometry Geometry => geometry;

    /// <summary>Fills <paramref name="entry"/> with the entry at <paramref name="address"/>, whose length the caller knows.</summary>
    /// <exception cref="SegmentMissingException">The segment was forgotten, or its file is not there.</exception>
    /// <exception cref="LatentDbException">data_damaged when the file is too short; store_unavailable when the disk cannot read it.</exception>
    public async ValueTask ReadAsync(long address, Memory<byte> entry, CancellationToken cancellationToken)
    {
        int? read = await ReadUpToAsync(address + LogGeometry.EntryHeaderBytes, entry, cancellationToken).ConfigureAwait(false);
        if (read is null) throw new SegmentMissingException($"The log {Path.GetFileName(folder)} has no segment for address {address}.");
        if (read < entry.Length) throw Damaged(address, $"{entry.Length} bytes are needed, {read} are there");
    }

    /// <summary>Says that an entry will be read soon. Whatever is wrong with it is for the read to tell.</summary>
    public void WillRead(long address, int bytes)
    {
        if (address < 0) return;
        try
        {
            Open((int)(address / geometry.SegmentBytes))?.WillRead(address % geometry.SegmentBytes, bytes + LogGeometry.EntryHeaderBytes);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Forgotten, gone, or a disk that fails: the read meets the same and says so.
        }
    }

    /// <summary>Reads a page from disk; what is not there is zero.</summary>
    public async ValueTask ReadPageAsync(long pageStart, Memory<byte> page, CancellationToken cancellationToken)
    {
        int? read = await ReadUpToAsync(pageStart, page, cancellationToken).ConfigureAwait(false);
        page.Span[(read ?? 0)..].Clear();
    }

    /// <summary>Closes a segment that is about to be deleted: what is read from it from now on is missing.</summary>
    public void Forget(int segment)
    {
        _forgotten[segment] = true;
        if (_files.TryRemove(segment, out IDiskFile? file)) file.Dispose();
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
        foreach (IDiskFile file in _files.Values) file.Dispose();
        _files.Clear();
    }

    /// <returns>Null when there is no such segment.</returns>
    private async ValueTask<int?> ReadUpToAsync(long address, Memory<byte> target, CancellationToken cancellationToken)
    {
        if (address < 0) throw Damaged(address, "no log has that address");
        int segment = (int)(address / geometry.SegmentBytes);
        try
        {
            IDiskFile? file = Open(segment);
            return file is null ? null : await file.ReadAsync(target, address % geometry.SegmentBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (_forgotten.ContainsKey(segment))
        {
            return null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException e)
        {
            throw new LatentDbException(ErrorCode.StoreUnavailable, $"The log {Path.GetFileName(folder)} cannot be read at address {address}: the disk answers with error {e.HResult & 0xffff}.", e);
        }
    }

    private IDiskFile? Open(int segment)
    {
        if (_files.TryGetValue(segment, out IDiskFile? known)) return known;
        string path = LogFolder.SegmentPath(folder, segment);
        if (_forgotten.ContainsKey(segment) || !disk.FileExists(path)) return null;
        IDiskFile opened = disk.Open(path, DiskAccess.Read);
        IDiskFile kept = _files.GetOrAdd(segment, opened);
        if (kept != opened) opened.Dispose();

        // Forgotten while it was opened: whoever forgets looks at the files after he said so, and this looks the other way round.
        if (_forgotten.ContainsKey(segment) && _files.TryRemove(segment, out IDiskFile? late)) late.Dispose();
        return kept;
    }

    private LatentDbException Damaged(long address, string what) =>
        new(ErrorCode.DataDamaged, $"The log {Path.GetFileName(folder)} is damaged at address {address}: {what}.");
}

/// <summary>What was to be read stood in a segment that is gone: its place has moved, or it is damage.</summary>
internal sealed class SegmentMissingException(string message) : LatentDbException(ErrorCode.DataDamaged, message);
