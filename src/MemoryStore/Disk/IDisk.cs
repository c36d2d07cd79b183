namespace LatentDb.MemoryStore.Disk;

/// <summary>
/// Everything that the store asks of a file system. The simulated disk of the tests takes its place and forgets, tears, reorders and fails.
/// </summary>
/// <remarks>
/// What is written is durable only after <see cref="IDiskFile.Sync"/>; a name that was created, moved or deleted only after
/// <see cref="SyncFolder"/> of its folder. Failures are <see cref="IOException"/>s whose HResult is the errno.
/// </remarks>
public interface IDisk
{
    /// <summary>Opens a file. A missing one is a <see cref="FileNotFoundException"/>; one that must be new and is not, an IOException.</summary>
    IDiskFile Open(string path, DiskAccess access);

    /// <summary>True when there is such a file.</summary>
    bool FileExists(string path);

    /// <summary>True when there is such a folder.</summary>
    bool FolderExists(string path);

    /// <summary>Length in bytes, or -1 when there is no such file.</summary>
    long LengthOf(string path);

    /// <summary>Full paths of the files in a folder, in ordinal order.</summary>
    IReadOnlyList<string> Files(string folder);

    /// <summary>Full paths of the folders in a folder, in ordinal order.</summary>
    IReadOnlyList<string> Folders(string folder);

    /// <summary>Makes a folder and those above it. Not durable by itself.</summary>
    void CreateFolder(string path);

    /// <summary>Renames a file over another one. Not durable by itself.</summary>
    void Move(string from, string to);

    /// <summary>Gives a finished file its name unless another file has it: of any number that try at once, one succeeds. Not durable by itself.</summary>
    /// <returns>False when the name is taken; the file then keeps its own.</returns>
    bool TryPublish(string temporary, string path);

    /// <summary>Removes a file; nothing happens when it is not there. Not durable by itself.</summary>
    void DeleteFile(string path);

    /// <summary>Removes a folder with all that is in it. Not durable by itself.</summary>
    void DeleteFolder(string path);

    /// <summary>Makes the names in a folder durable. POSIX does not promise that syncing a file does.</summary>
    void SyncFolder(string path);

    /// <summary>Makes a file that takes that many bytes of the disk for real, whatever is in it; durable but for its name.</summary>
    void Reserve(string path, long bytes);

    /// <summary>Bytes that may still be written under that path.</summary>
    long FreeBytes(string path);
}

/// <summary>What a file is opened for.</summary>
public enum DiskAccess
{
    /// <summary>Reading; others may write.</summary>
    Read,

    /// <summary>Reading and writing of an existing file.</summary>
    Write,

    /// <summary>Reading and writing of a file that does not exist yet.</summary>
    CreateNew,

    /// <summary>Reading and writing; an existing file is emptied.</summary>
    Create,

    /// <summary>As <see cref="Create"/>, and nobody but the owner of the file may read or write it.</summary>
    CreatePrivate,
}
