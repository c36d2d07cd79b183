using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Shards;

/// <summary>One process at a time: an exclusive flock that ends with the process, and beside it a text that names its holder.</summary>
/// <remarks>Two files, because .NET takes a shared flock for reading, which the exclusive one refuses.</remarks>
internal sealed class ShardLock : IDisposable
{
    private readonly FileStream _file;

    private ShardLock(FileStream file) => _file = file;

    /// <param name="path">The locked file.</param>
    /// <param name="ownerPath">The text.</param>
    /// <param name="shard">For the message.</param>
    /// <param name="time">For "since".</param>
    /// <exception cref="LatentDbException">shard_locked, naming the holder.</exception>
    public static ShardLock Take(string path, string ownerPath, string shard, TimeProvider time)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new LatentDbException(ErrorCode.ShardLocked, $"Shard {shard} is open elsewhere: {Holder(ownerPath)}.", e);
        }

        string owner = $"host {Environment.MachineName}, pid {Environment.ProcessId}, since {time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'Z'}";
        File.WriteAllText(ownerPath, owner, Encoding.UTF8);
        return new ShardLock(file);
    }

    public void Dispose() => _file.Dispose();

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
