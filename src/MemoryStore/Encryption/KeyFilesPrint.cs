using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption.Slots;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>Tells whether the key files of an epoch stayed as they were: who copied them meanwhile has a copy of one state.</summary>
/// <remarks>Not a CRC: that of bytes which end with their own CRC is the same whatever they are, and these files do.</remarks>
internal static class KeyFilesPrint
{
    private const int BufferBytes = 1 << 20;

    /// <returns>Null when a file went away while it was read.</returns>
    public static string? Of(IDisk disk, string folder)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[BufferBytes];
            foreach (string path in (string[])[TenantFile.PathIn(folder), SlotFiles.PathA(folder), SlotFiles.PathB(folder)])
            {
                hash.AppendData(BitConverter.GetBytes(disk.LengthOf(path)));
                if (disk.FileExists(path)) Append(hash, disk, path, buffer);
            }

            return Convert.ToHexString(hash.GetHashAndReset());
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static void Append(IncrementalHash hash, IDisk disk, string path, byte[] buffer)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        long at = 0;
        for (int read = file.Read(buffer, at); read > 0; read = file.Read(buffer, at))
        {
            hash.AppendData(buffer.AsSpan(0, read));
            at += read;
        }
    }
}
