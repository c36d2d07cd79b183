using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Shards;

/// <summary>One process at a time: an exclusive flock that ends with the process, and a text that names its holder.</summary>
internal sealed class ShardLock : IDisposable
{
    private readonly FileStream _file;

    private ShardLock(FileStream file) => _file = file;

    /// <exception cref="LatentDbException">shard_locked, naming the holder.</exception>
    public static ShardLock Take(string path, string shard, TimeProvider time)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new LatentDbException(ErrorCode.ShardLocked, $"Shard {shard} is open elsewhere: {Holder(path)}.", e);
        }

        string owner = $"host {Environment.MachineName}, pid {Environment.ProcessId}, since {time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'Z'}";
        file.SetLength(0);
        file.Write(Encoding.UTF8.GetBytes(owner));
        file.Flush();
        return new ShardLock(file);
    }

    public void Dispose() => _file.Dispose();

    private static string Holder(string path)
    {
        try
        {
            // Read-only with full sharing takes no flock, so it succeeds beside the exclusive one.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file, Encoding.UTF8);
            string text = reader.ReadToEnd();
            return text.Length == 0 ? "holder unknown" : text;
        }
        catch (IOException)
        {
            return "holder unknown";
        }
    }
}
