namespace LatentDb.MemoryStore.Log;

/// <summary>Walks the entries of a log in order from an address, passing over fillers.</summary>
internal sealed class LogScanner(SegmentReader reader, long from)
{
    private readonly byte[] _page = new byte[reader.Geometry.PageBytes];
    private long _pageStart = -1;

    /// <summary>Where the entry stands.</summary>
    public long Address { get; private set; }

    /// <summary>Where the next entry or filler begins.</summary>
    public long Next { get; private set; } = from;

    /// <summary>The entry; valid until the next step.</summary>
    public ReadOnlyMemory<byte> Entry { get; private set; }

    /// <summary>Steps to the next entry that begins below <paramref name="until"/>.</summary>
    /// <returns>False at the end, or where the bytes cannot be an entry; then <see cref="Next"/> is short of <paramref name="until"/>.</returns>
    public async ValueTask<bool> MoveNextAsync(long until, CancellationToken cancellationToken)
    {
        while (Next < until)
        {
            int offset = (int)(Next % _page.Length);
            await LoadAsync(Next - offset, cancellationToken).ConfigureAwait(false);
            int length = SegmentReader.EntryLength(_page, offset);
            if (length < 0) return false;
            if (length == 0)
            {
                // An empty page means that the log ends here, not that it goes on after a gap.
                if (offset == 0) return false;
                Next = _pageStart + _page.Length;
                continue;
            }

            Address = Next;
            Entry = _page.AsMemory(offset + LogGeometry.EntryHeaderBytes, length);
            Next += LogGeometry.EntryHeaderBytes + ((length + 3) & ~3);
            if (!SegmentReader.IsFiller(Entry.Span)) return true;
        }

        return false;
    }

    private async ValueTask LoadAsync(long start, CancellationToken cancellationToken)
    {
        if (start == _pageStart) return;
        await reader.ReadPageAsync(start, _page, cancellationToken).ConfigureAwait(false);
        _pageStart = start;
    }
}
