using System.Globalization;
using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards.Ownership;

/// <summary>The small file that says who may write a shard, and where its data is. Replaced as a whole; text, so that an operator can read it.</summary>
/// <param name="Raised">The newest owner. Raised and durable before that owner appends its first byte; whoever finds a higher one has lost the shard.</param>
/// <param name="Current">The epoch whose first frame names all others that hold data; epochs above it never acknowledged anything. 0 = a new shard.</param>
internal sealed record ShardState(Epoch Raised, Epoch Current)
{
    private const string Title = "latentdb-shard 1";

    public void Write(IDisk disk, string path)
    {
        string body = $"{Title}\nraised {Raised}\ncurrent {Current}\n";
        disk.Replace(path, Encoding.ASCII.GetBytes($"{body}crc32c {ChecksumOf(body):x8}\n"));
    }

    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static ShardState Read(IDisk disk, string path)
    {
        string text = Encoding.ASCII.GetString(disk.ReadAll(path));
        string[] lines = text.Split('\n');
        if (lines.Length > 1 && lines[0] != Title && lines[0].StartsWith("latentdb-shard ", StringComparison.Ordinal))
        {
            throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The shard state has format '{lines[0]}'; this program reads '{Title}'.");
        }

        int end = text.LastIndexOf("crc32c ", StringComparison.Ordinal);
        if (lines.Length != 5 || end < 0 || lines[3] != $"crc32c {ChecksumOf(text[..end]):x8}") throw Damaged();
        return new ShardState(ReadEpoch(lines[1], "raised "), ReadEpoch(lines[2], "current "));
    }

    private static Epoch ReadEpoch(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal) && long.TryParse(line.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? new Epoch(value)
            : throw Damaged();

    private static uint ChecksumOf(string body) => Checksum.Crc32C(Encoding.ASCII.GetBytes(body));

    private static LatentDbException Damaged() => new(ErrorCode.DataDamaged, "The shard's state file is damaged; restore it from the newest ep-* folder or a backup.");
}
