using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace LatentDb.MemoryStore.Disk;

/// <summary>On what kind of file system a folder lies, as far as it matters to durability.</summary>
/// <param name="Name">As mount(8) calls it.</param>
/// <param name="Durability">What a sync is worth there.</param>
internal sealed partial record FileSystemKind(string Name, FileSystemDurability Durability)
{
    private const int StatFsBytes = 256; // struct statfs has 120 bytes on 64-bit Linux; its first field is the type

    private static readonly FileSystemKind Other = new("other", FileSystemDurability.Expected);

    /// <summary>Magic numbers of linux/magic.h.</summary>
    private static readonly Dictionary<uint, FileSystemKind> Known = new()
    {
        [0x01021994] = new("tmpfs", FileSystemDurability.None),
        [0x858458f6] = new("ramfs", FileSystemDurability.None),
        [0x6969] = new("nfs", FileSystemDurability.None),
        [0x794c7630] = new("overlay", FileSystemDurability.Doubtful),
        [0x01021997] = new("9p", FileSystemDurability.Doubtful),
        [0x65735546] = new("fuse", FileSystemDurability.Doubtful),
        [0xff534d42] = new("cifs", FileSystemDurability.Doubtful),
        [0xfe534d42] = new("smb2", FileSystemDurability.Doubtful),
    };

    /// <summary>The kind of the folder, or of the nearest one above it that is there. Where it cannot be told, nothing is held against it.</summary>
    public static FileSystemKind Of(string path)
    {
        if (!OperatingSystem.IsLinux()) return Other;
        string? at = Path.GetFullPath(path);
        while (at is not null && !Directory.Exists(at)) at = Path.GetDirectoryName(at);
        byte[] answer = new byte[StatFsBytes];
        if (at is null || StatFs(at, answer) != 0) return Other;
        return Known.GetValueOrDefault(BinaryPrimitives.ReadUInt32LittleEndian(answer), Other);
    }

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatFs(string path, [Out] byte[] answer);
}

/// <summary>What a sync is worth.</summary>
internal enum FileSystemDurability
{
    /// <summary>Nothing is known against it.</summary>
    Expected,

    /// <summary>It may go away with a container, or another machine decides.</summary>
    Doubtful,

    /// <summary>Data is in memory only, or locks and syncs do not hold.</summary>
    None,
}
