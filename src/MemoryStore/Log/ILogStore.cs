namespace LatentDb.MemoryStore.Log;

/// <summary>
/// The seam before the log engine: appends opaque entries and makes a prefix of them durable. FASTER is the implementation; its successor or a fault
/// double can take its place.
/// </summary>
/// <remarks>Appending and committing are the owner's business: one caller at a time for each of the two, both may overlap.</remarks>
internal interface ILogStore : IAsyncDisposable
{
    /// <summary>Largest entry that fits.</summary>
    int MaxEntryBytes { get; }

    /// <summary>Where the next entry will stand, at the earliest.</summary>
    long TailAddress { get; }

    /// <summary>Reads entries below the address that the last commit reached.</summary>
    SegmentReader Reader { get; }

    /// <summary>Puts an entry of 16 n + 4 bytes into the log's memory. Nothing is durable yet.</summary>
    /// <returns>The entry's address.</returns>
    ValueTask<long> AppendAsync(ReadOnlyMemory<byte> entry);

    /// <summary>Fills the last sector, so that no later write touches it again. Called before <see cref="CommitAsync"/>, in turn with appends.</summary>
    ValueTask PadAsync();

    /// <summary>Makes everything appended so far durable, together with <paramref name="cookie"/>.</summary>
    /// <exception cref="Errors.LatentDbException">store_full, store_unavailable: the log is dead, and what was not acknowledged may or may not exist.</exception>
    Task CommitAsync(byte[] cookie);
}
