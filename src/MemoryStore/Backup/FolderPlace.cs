using System.Collections.Concurrent;
using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Backup;

/// <summary>
/// Objects as files of a folder. One is written and synced under another name, and has its own by link(2) and the sync of its folder; so there is never a
/// part of one, and of two that put the same name one succeeds.
/// </summary>
/// <param name="disk">Where the folder is.</param>
/// <param name="root">The folder; it must exist, so that a disk that is not mounted is not taken for an empty place.</param>
/// <param name="overwrites">True: what is deleted is overwritten first, because it is a key.</param>
public sealed class FolderPlace(IDisk disk, string root, bool overwrites = false) : IObjectPlace
{
    /// <summary>Ending of what is being written; who was broken off leaves it, and whoever puts that name again writes it anew.</summary>
    public const string Unfinished = ".tmp";

    private readonly string _root = Path.GetFullPath(root);
    private readonly ConcurrentDictionary<string, bool> _made = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => Task.Run(() => Put(PathOf(name), content.Span), cancellationToken);

    /// <inheritdoc/>
    public Task<byte[]?> GetAsync(string name, CancellationToken cancellationToken) => Task.Run(() => Get(PathOf(name)), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            Require();
            var names = new List<string>();
            List(PathOf(folder), names);
            names.Sort(StringComparer.Ordinal);
            return (IReadOnlyList<string>)names;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) => Task.Run(() => Delete(PathOf(name)), cancellationToken);

    private bool Put(string path, ReadOnlySpan<byte> content)
    {
        Require();
        string folder = Path.GetDirectoryName(path)!;
        if (_made.TryAdd(folder, true)) MakeFolder(folder);
        if (!disk.FileExists(path))
        {
            using (IDiskFile file = disk.Open(path + Unfinished, overwrites ? DiskAccess.CreatePrivate : DiskAccess.Create))
            {
                file.Write(content, 0);
                file.Sync();
            }

            if (disk.TryPublish(path + Unfinished, path))
            {
                disk.SyncFolder(folder);
                return true;
            }

            disk.DeleteFile(path + Unfinished);
        }

        // Whoever put it may have been killed before he synced its name.
        disk.SyncFolder(folder);
        return false;
    }

    private void MakeFolder(string folder)
    {
        try
        {
            disk.CreateFolder(folder);
            for (string? above = Path.GetDirectoryName(folder); above is not null && above.Length >= _root.Length; above = Path.GetDirectoryName(above)) disk.SyncFolder(above);
        }
        catch
        {
            _made.TryRemove(folder, out _);
            throw;
        }
    }

    private byte[]? Get(string path)
    {
        Require();
        try
        {
            return disk.FileExists(path) ? disk.ReadAll(path) : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private void Delete(string path)
    {
        if (!disk.FileExists(path)) return;
        if (overwrites)
        {
            using IDiskFile file = disk.Open(path, DiskAccess.Write);
            file.Write(new byte[file.Length], 0);
            file.Sync();
        }

        disk.DeleteFile(path);
        disk.SyncFolder(Path.GetDirectoryName(path)!);
    }

    private void List(string folder, List<string> names)
    {
        if (!disk.FolderExists(folder)) return;
        foreach (string file in disk.Files(folder)) names.Add(Path.GetRelativePath(_root, file).Replace(Path.DirectorySeparatorChar, '/'));
        foreach (string below in disk.Folders(folder)) List(below, names);
    }

    private void Require()
    {
        if (!disk.FolderExists(_root)) throw new IOException($"The backup folder {_root} is not there: make it, or mount what it lies on.");
    }

    private string PathOf(string name)
    {
        bool isName = name.Length > 0 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '/' or '-' or '.') && !name.Split('/').Any(part => part is "" or "." or "..");
        return isName ? Path.Combine(_root, name) : throw new ArgumentException($"'{name}' is not the name of an object.", nameof(name));
    }
}
