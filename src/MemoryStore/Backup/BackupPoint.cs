using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Backup;

/// <summary>A shard at one moment: which files it had, and of which pieces each is made.</summary>
/// <param name="Shard">Which.</param>
/// <param name="Shards">How many the store has.</param>
/// <param name="Epoch">The epoch that held the data.</param>
/// <param name="At">What was acknowledged before is in it.</param>
/// <param name="Files">By their path in the data folder.</param>
internal sealed record BackupPoint(ShardId Shard, int Shards, Epoch Epoch, DateTimeOffset At, ImmutableArray<BackedUpFile> Files)
{
    private const string Title = "latentdb-backup 1";
    private const string ChecksumWord = "crc32c ";

    public long Bytes => Files.Sum(file => file.Length);

    public IEnumerable<string> Pieces => Files.SelectMany(file => file.Pieces);

    /// <summary>Text: an operator can read what is where.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Title}\nshard {Shard.Value}\nshards {Shards}\nepoch {Epoch.Value}\nat {At.UtcDateTime:O}\n");
        foreach (BackedUpFile file in Files)
        {
            text.Append(CultureInfo.InvariantCulture, $"file {file.Length} {file.Path}\n");
            foreach (string piece in file.Pieces) text.Append(CultureInfo.InvariantCulture, $"piece {piece}\n");
        }

        string body = text.ToString();
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{body}{ChecksumWord}{Checksum.Crc32C(Encoding.ASCII.GetBytes(body)):x8}\n"));
    }

    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static BackupPoint Parse(byte[] bytes, string name)
    {
        string text = Encoding.ASCII.GetString(bytes);
        int end = text.LastIndexOf(ChecksumWord, StringComparison.Ordinal);
        string[] lines = text.Split('\n');
        if (end < 0 || lines.Length < 7 || text[end..] != string.Create(CultureInfo.InvariantCulture, $"{ChecksumWord}{Checksum.Crc32C(bytes.AsSpan(0, end)):x8}\n")) throw Damaged(name);
        if (lines[0] != Title) throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The backup {name} has the format '{lines[0]}'; this program reads '{Title}'.");
        var files = new List<FileLines>();
        try
        {
            foreach (string line in lines[5..^2])
            {
                if (line.StartsWith("piece ", StringComparison.Ordinal))
                {
                    files[^1].Add(line["piece ".Length..]);
                    continue;
                }

                string[] words = After(line, "file ").Split(' ', 2);
                files.Add(new FileLines(words[1], long.Parse(words[0], NumberStyles.None, CultureInfo.InvariantCulture)));
            }

            return new BackupPoint(
                new ShardId(Number(lines[1], "shard ")),
                Number(lines[2], "shards "),
                new Epoch(long.Parse(After(lines[3], "epoch "), NumberStyles.None, CultureInfo.InvariantCulture)),
                DateTimeOffset.Parse(After(lines[4], "at "), CultureInfo.InvariantCulture),
                [.. files.Select(file => file.ToFile())]);
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException or ArgumentOutOfRangeException or OverflowException)
        {
            throw Damaged(name);
        }
    }

    private static int Number(string line, string word) => int.Parse(After(line, word), NumberStyles.None, CultureInfo.InvariantCulture);

    private static string After(string line, string word) => line.StartsWith(word, StringComparison.Ordinal) ? line[word.Length..] : throw new FormatException();

    private static LatentDbException Damaged(string name) => new(ErrorCode.DataDamaged, $"The backup {name} is damaged; an earlier one may be whole.");

    private sealed class FileLines(string path, long length)
    {
        private readonly ImmutableArray<string>.Builder _pieces = ImmutableArray.CreateBuilder<string>();

        public void Add(string piece) => _pieces.Add(piece);

        public BackedUpFile ToFile() => new(path, length, _pieces.DrainToImmutable());
    }
}

/// <summary>One file of a shard.</summary>
/// <param name="Path">In the data folder, with slashes.</param>
/// <param name="Length">Bytes that count; what followed them was not committed.</param>
/// <param name="Pieces">Names of its content, in order; all but the last have <see cref="BackupLimits.PieceBytes"/>.</param>
internal sealed record BackedUpFile(string Path, long Length, ImmutableArray<string> Pieces);
