namespace LatentDb.MemoryStore.Backup;

/// <summary>
/// A place for whole objects that are never changed: a folder on another machine's disk, or an object storage. Names are parts of
/// <c>a-z 0-9 . -</c> with slashes between.
/// </summary>
public interface IObjectPlace
{
    /// <summary>Stores an object unless there is one of that name; whole and durable when the task ends.</summary>
    /// <returns>False when there is one, whose content is not compared.</returns>
    /// <exception cref="IOException">It may be there or not; nothing partial ever is.</exception>
    Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>The whole object; null when there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    Task<byte[]?> GetAsync(string name, CancellationToken cancellationToken);

    /// <summary>Names of all objects below a folder, in ordinal order.</summary>
    /// <param name="folder">Without a slash at its end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The place cannot be read.</exception>
    Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Removes an object; nothing happens when there is none. Durable when the task ends.</summary>
    /// <exception cref="IOException">It may be there or not.</exception>
    Task DeleteAsync(string name, CancellationToken cancellationToken);
}
