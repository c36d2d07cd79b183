using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Replication.Followers;

namespace LatentDb.MemoryStore.Replication;

/// <summary>The names in a shard's folder, and of each file its length and, when asked for, the hash of each piece.</summary>
/// <param name="Folders">All folders below it, those above others first.</param>
/// <param name="Files">By name.</param>
internal sealed record FolderListing(IReadOnlyList<string> Folders, IReadOnlyDictionary<string, ListedFile> Files)
{
    /// <summary>What belongs to this silo and not to the shard.</summary>
    private static readonly string[] Own = ["lock", "owner", CopyMark.FileName, CopyMark.FileName + ".tmp"];

    /// <param name="disk">Where.</param>
    /// <param name="root">The shard's folder; a missing one has nothing.</param>
    /// <param name="isHashed">True: every file is read.</param>
    public static FolderListing Of(IDisk disk, string root, bool isHashed)
    {
        var folders = new List<string>();
        var files = new SortedDictionary<string, ListedFile>(StringComparer.Ordinal);
        if (disk.FolderExists(root)) Gather(disk, root, string.Empty, isHashed, folders, files);
        return new FolderListing(folders, files);
    }

    public void Write(ref MessagePackWriter writer)
    {
        writer.WriteArrayHeader(2);
        writer.WriteArrayHeader(Folders.Count);
        foreach (string folder in Folders) writer.WriteString(folder);
        writer.WriteArrayHeader(Files.Count);
        foreach ((string name, ListedFile file) in Files)
        {
            writer.WriteArrayHeader(3);
            writer.WriteString(name);
            writer.WriteInt64(file.Length);
            writer.WriteBinary(file.Hashes.Span);
        }
    }

    /// <exception cref="MessagePackFormatException">The bytes are no listing, or name something outside the folder.</exception>
    public static FolderListing Read(ref MessagePackReader reader)
    {
        Require(reader.ReadArrayHeader() == 2);
        var folders = new string[reader.ReadArrayHeader()];
        for (int i = 0; i < folders.Length; i++) folders[i] = CheckName(reader.ReadRequiredString());
        int count = reader.ReadArrayHeader();
        var files = new SortedDictionary<string, ListedFile>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            Require(reader.ReadArrayHeader() == 3);
            string name = CheckName(reader.ReadRequiredString());
            files.Add(name, new ListedFile(reader.ReadInt64(), reader.ReadBinary().ToArray()));
        }

        return new FolderListing(folders, files);
    }

    /// <exception cref="MessagePackFormatException">The name leads out of the folder, or to what is this silo's own.</exception>
    public static string CheckName(string name)
    {
        bool isSafe = !Path.IsPathRooted(name) && !name.Split('/', '\\').Contains("..") && !Own.Contains(name, StringComparer.Ordinal);
        return isSafe ? name : throw new MessagePackFormatException("A change names a file that is none of the shard's.");
    }

    private static void Gather(IDisk disk, string root, string below, bool isHashed, List<string> folders, SortedDictionary<string, ListedFile> files)
    {
        foreach (string path in disk.Files(Path.Combine(root, below)))
        {
            string name = Path.Combine(below, Path.GetFileName(path));
            if (Own.Contains(name, StringComparer.Ordinal)) continue;
            files.Add(name, isHashed ? ListedFile.Read(disk, path) : new ListedFile(disk.LengthOf(path), default));
        }

        foreach (string path in disk.Folders(Path.Combine(root, below)))
        {
            string name = Path.Combine(below, Path.GetFileName(path));
            folders.Add(name);
            Gather(disk, root, name, isHashed, folders, files);
        }
    }

    private static void Require(bool isTrue)
    {
        if (!isTrue) throw new MessagePackFormatException("A listing has another shape.");
    }
}

/// <param name="Length">Bytes of the file.</param>
/// <param name="Hashes">SHA-256 of each piece, one after the other; empty when nobody asked.</param>
internal sealed record ListedFile(long Length, ReadOnlyMemory<byte> Hashes)
{
    public static ListedFile Read(IDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        long length = file.Length;
        byte[] hashes = new byte[Pieces(length) * SHA256.HashSizeInBytes];
        byte[] piece = new byte[(int)Math.Min(length, ReplicationLimits.PieceBytes)];
        for (int i = 0; i < Pieces(length); i++)
        {
            int read = file.Read(piece, (long)i * ReplicationLimits.PieceBytes);
            SHA256.HashData(piece.AsSpan(0, read), hashes.AsSpan(i * SHA256.HashSizeInBytes));
        }

        return new ListedFile(length, hashes);
    }

    public static int Pieces(long length) => (int)((length + ReplicationLimits.PieceBytes - 1) / ReplicationLimits.PieceBytes);

    /// <summary>Whether that piece is this one.</summary>
    public bool Has(int piece, ReadOnlySpan<byte> bytes)
    {
        int at = piece * SHA256.HashSizeInBytes;
        if (at + SHA256.HashSizeInBytes > Hashes.Length) return false;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return hash.SequenceEqual(Hashes.Span.Slice(at, SHA256.HashSizeInBytes));
    }
}
