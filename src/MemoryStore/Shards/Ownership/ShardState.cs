using System.Globalization;
using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards.Ownership;

/// <summary>Who may write a shard, and where its data is: one entry of the history that <see cref="ShardStates"/> keeps. Text, so that an operator can read it.</summary>
/// <param name="Number">Its place in the history; the highest one counts.</param>
/// <param name="Raised">The newest owner. Raised and durable before that owner reads what the one before committed; whoever finds another one has lost the shard.</param>
/// <param name="Current">The epoch whose first frame names all others that hold data; epochs above it never acknowledged anything. 0 = a new shard.</param>
internal sealed record ShardState(long Number, Epoch Raised, Epoch Current)
{
    private const string Title = "latentdb-shard 2";
    private const string EarlierTitle = "latentdb-shard 1";

    /// <summary>The state of a shard that nobody has opened yet.</summary>
    public static ShardState New { get; } = new(0, new Epoch(0), new Epoch(0));

    public byte[] ToBytes()
    {
        string body = $"{Title}\nnumber {Number}\nraised {Raised}\ncurrent {Current}\n";
        return Encoding.ASCII.GetBytes($"{body}crc32c {ChecksumOf(body):x8}\n");
    }

    /// <param name="bytes">The whole file.</param>
    /// <param name="isEarlier">True when it is in the form that programs wrote which replaced one file; its number is 0.</param>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static ShardState Parse(byte[] bytes, out bool isEarlier)
    {
        string text = Encoding.ASCII.GetString(bytes);
        string[] lines = text.Split('\n');
        isEarlier = lines[0] == EarlierTitle;
        if (!isEarlier && lines.Length > 1 && lines[0] != Title && lines[0].StartsWith("latentdb-shard ", StringComparison.Ordinal))
        {
            throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The shard state has format '{lines[0]}'; this program reads '{Title}'.");
        }

        int end = text.LastIndexOf("crc32c ", StringComparison.Ordinal);
        int values = isEarlier ? 1 : 2;
        if (lines.Length != values + 4 || end < 0 || lines[values + 2] != $"crc32c {ChecksumOf(text[..end]):x8}") throw Damaged();
        if (!isEarlier && lines[0] != Title) throw Damaged();
        return new ShardState(
            isEarlier ? 0 : ReadNumber(lines[1], "number "), new Epoch(ReadNumber(lines[values], "raised ")), new Epoch(ReadNumber(lines[values + 1], "current ")));
    }

    private static long ReadNumber(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal) && long.TryParse(line.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw Damaged();

    private static uint ChecksumOf(string body) => Checksum.Crc32C(Encoding.ASCII.GetBytes(body));

    private static LatentDbException Damaged() => new(ErrorCode.DataDamaged, "The shard's state file is damaged; restore it from the newest ep-* folder or a backup.");
}
