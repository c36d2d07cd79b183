using System.Globalization;
using LatentDb.MemoryStore.Disk;

namespace LatentDb.Silo.Audit;

/// <summary>The files of <c>{data}/audit</c>: segments named after their first line, and the anchor.</summary>
internal sealed class AuditFolder(IDisk disk, string data)
{
    private const string Prefix = "audit-";
    private const string Suffix = ".jsonl";

    private readonly string _path = Path.Combine(Path.GetFullPath(data), "audit");

    public IDisk Disk => disk;

    private string AnchorPath => Path.Combine(_path, "anchor");

    public string PathOf(long firstSeq) => Path.Combine(_path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{firstSeq:D19}{Suffix}"));

    /// <summary>First lines of all segments, oldest first.</summary>
    public long[] Segments() => disk.FolderExists(_path)
        ? [.. disk.Files(_path).Select(SeqOf).OfType<long>().Order()]
        : [];

    public void Create() => disk.CreateDurablePath(_path);

    /// <summary>A new segment; what a crash or somebody left under its name is kept beside it.</summary>
    public IDiskFile CreateSegment(long firstSeq)
    {
        if (disk.LengthOf(PathOf(firstSeq)) > 0) disk.Move(PathOf(firstSeq), PathOf(firstSeq) + ".left");
        IDiskFile file = disk.Open(PathOf(firstSeq), DiskAccess.CreatePrivate);
        disk.SyncFolder(_path);
        return file;
    }

    public void DeleteSegment(long firstSeq)
    {
        disk.DeleteFile(PathOf(firstSeq));
        disk.SyncFolder(_path);
    }

    /// <returns>Null when there is none.</returns>
    /// <exception cref="MemoryStore.Errors.LatentDbException">data_damaged.</exception>
    public AuditAnchor? ReadAnchor() => disk.FileExists(AnchorPath) ? AuditText.DecodeAnchor(disk.ReadAll(AnchorPath)) : null;

    public void WriteAnchor(AuditAnchor anchor) => disk.Replace(AnchorPath, AuditText.Encode(anchor), DiskAccess.CreatePrivate);

    private static long? SeqOf(string path)
    {
        string name = Path.GetFileName(path);
        bool hasShape = name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal);
        return hasShape && long.TryParse(name[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long seq) ? seq : null;
    }
}
