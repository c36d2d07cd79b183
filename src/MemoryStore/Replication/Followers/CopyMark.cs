using System.Globalization;
using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Replication.Followers;

/// <summary>
/// What a silo knows of its own copy of a shard: the file <c>replica</c> in the shard's folder, which is not copied. Replaced as a whole, before what it
/// says is acted upon.
/// <code>
/// latentdb-replica 1
/// term 7            nobody with a lower term changes this copy any more
/// whole yes         no: it was being filled, and is not what any owner had at any moment
/// crc32c 1a2b3c4d
/// </code>
/// </summary>
/// <param name="Term">The highest term of an owner that was obeyed.</param>
/// <param name="IsWhole">True when the folder is one that an owner could have had after a crash.</param>
internal sealed record CopyMark(long Term, bool IsWhole)
{
    public const string FileName = "replica";

    private const string Title = "latentdb-replica 1";

    /// <summary>Of a folder that has none: nothing was ever copied to it.</summary>
    public static CopyMark None { get; } = new(0, IsWhole: false);

    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static CopyMark Read(IDisk disk, string root)
    {
        string path = Path.Combine(root, FileName);
        if (!disk.FolderExists(root) || !disk.FileExists(path)) return None;
        string text = Encoding.UTF8.GetString(disk.ReadAll(path));
        string[] lines = text.Split('\n');
        if (lines.Length == 5 && lines[0] != Title && lines[0].StartsWith("latentdb-replica ", StringComparison.Ordinal))
        {
            throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The copy's mark has the title '{lines[0]}'; this program reads '{Title}'.");
        }

        if (lines is [Title, { } term, { } whole, { } checksum, ""]
            && checksum == ChecksumOf(text[..^(checksum.Length + 1)])
            && term.StartsWith("term ", StringComparison.Ordinal)
            && long.TryParse(term.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return new CopyMark(number, whole == "whole yes");
        }

        throw new LatentDbException(ErrorCode.DataDamaged, "The mark of a shard's copy does not fit its checksum.");
    }

    /// <summary>Durable when this returns.</summary>
    public void Write(IDisk disk, string root)
    {
        string content = string.Create(CultureInfo.InvariantCulture, $"{Title}\nterm {Term}\nwhole {(IsWhole ? "yes" : "no")}\n");
        disk.Replace(Path.Combine(root, FileName), Encoding.UTF8.GetBytes($"{content}{ChecksumOf(content)}\n"));
    }

    private static string ChecksumOf(string content) => $"crc32c {Checksum.Crc32C(Encoding.UTF8.GetBytes(content)):x8}";
}
