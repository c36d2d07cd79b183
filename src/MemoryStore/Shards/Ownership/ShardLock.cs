using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Shards.Ownership;

/// <summary>
/// One process at a time: an exclusive flock that ends with the process, and beside it a text that names its holder. Silos that share a folder take a
/// shared flock instead: it keeps a server out that believes to be alone, and a paused silo does not keep the next owner out.
/// </summary>
/// <remarks>Two files, because .NET takes a shared flock for reading, which the exclusive one refuses.</remarks>
internal sealed class ShardLock : IDisposable
{
    private readonly FileStream _file;

    private ShardLock(FileStream file) => _file = file;

    /// <param name="path">The locked file.</param>
    /// <param name="ownerPath">The text.</param>
    /// <param name="shard">For the message.</param>
    /// <param name="isShared">True: others that share the folder may hold it too, because a lease decides who writes.</param>
    /// <param name="time">For "since".</param>
    /// <exception cref="LatentDbException">shard_locked, naming the holder.</exception>
    /// <exception cref="DirectoryNotFoundException">The shard's folder is gone: nobody holds it.</exception>
    public static ShardLock Take(string path, string ownerPath, string shard, bool isShared, TimeProvider time)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, isShared ? FileShare.ReadWrite | FileShare.Delete : FileShare.None);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            throw new LatentDbException(ErrorCode.ShardLocked, $"Shard {shard} is open elsewhere: {Holder(ownerPath)}.", e);
        }

        string owner = $"host {Environment.MachineName}, pid {Environment.ProcessId}, since {time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'Z'}";
        TryTell(ownerPath, owner);
        return new ShardLock(file);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Two that share the folder may tell at once; the text is for people, and either will do.</summary>
    private static void TryTell(string ownerPath, string owner)
    {
        try
        {
            using var text = new FileStream(ownerPath, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            text.Write(Encoding.UTF8.GetBytes(owner));
        }
        catch (IOException)
        {
            // Nothing depends on it.
        }
    }

    private static string Holder(string ownerPath)
    {
        try
        {
            string text = File.ReadAllText(ownerPath, Encoding.UTF8);
            return text.Length == 0 ? "holder unknown" : text;
        }
        catch (IOException)
        {
            return "holder unknown";
        }
    }
}
