using System.Buffers.Binary;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Backup;

/// <summary>The three key files of an epoch at one moment; all keys in them are wrapped.</summary>
/// <param name="A">keys.a.</param>
/// <param name="B">keys.b.</param>
/// <param name="Tenants">keys.tenants.</param>
internal sealed record KeyFilesContent(byte[] A, byte[] B, byte[] Tenants)
{
    private const int CountBytes = sizeof(long);

    private static ReadOnlySpan<byte> Magic => "LDBKEYB1"u8;

    /// <summary>The files of a keyring in use, of one moment between two changes.</summary>
    /// <exception cref="LatentDbException">The failure of the keyring, when it has one.</exception>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static async Task<KeyFilesContent> ReadAsync(Keyring keyring, CancellationToken cancellationToken)
    {
        KeyFilesContent? content = null;
        await keyring.ReadFilesAsync(
            (disk, folder) => content = new KeyFilesContent(disk.ReadAll(SlotFiles.PathA(folder)), disk.ReadAll(SlotFiles.PathB(folder)), disk.ReadAll(TenantFile.PathIn(folder))),
            cancellationToken).ConfigureAwait(false);
        return content!;
    }

    /// <summary><c>magic, i64 bytes of a, of b (-1 = as a) and of tenants, the three, SHA-256 of all before</c>.</summary>
    public byte[] ToBytes()
    {
        bool isTwice = A.AsSpan().SequenceEqual(B);
        byte[] second = isTwice ? [] : B;
        var bytes = new MemoryStream();
        bytes.Write(Magic);
        Span<byte> number = stackalloc byte[CountBytes];
        foreach (long count in (long[])[A.Length, isTwice ? -1 : B.Length, Tenants.Length])
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, count);
            bytes.Write(number);
        }

        foreach (byte[] part in (byte[][])[A, second, Tenants]) bytes.Write(part);
        bytes.Write(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        return bytes.ToArray();
    }

    /// <exception cref="LatentDbException">data_damaged.</exception>
    public static KeyFilesContent Parse(ReadOnlySpan<byte> bytes)
    {
        int counts = Magic.Length;
        int start = counts + (3 * CountBytes);
        if (bytes.Length < start + SHA256.HashSizeInBytes || !bytes.StartsWith(Magic)) throw Damaged();
        ReadOnlySpan<byte> body = bytes[..^SHA256.HashSizeInBytes];
        if (!SHA256.HashData(body).AsSpan().SequenceEqual(bytes[body.Length..])) throw Damaged();
        long a = BinaryPrimitives.ReadInt64LittleEndian(body[counts..]);
        long b = BinaryPrimitives.ReadInt64LittleEndian(body[(counts + CountBytes)..]);
        long tenants = BinaryPrimitives.ReadInt64LittleEndian(body[(counts + (2 * CountBytes))..]);
        if (a < 0 || b < -1 || tenants < 0 || start + a + Math.Max(0, b) + tenants != body.Length) throw Damaged();
        byte[] first = body.Slice(start, (int)a).ToArray();
        byte[] second = b < 0 ? first : body.Slice(start + (int)a, (int)b).ToArray();
        return new KeyFilesContent(first, second, body[^(int)tenants..].ToArray());
    }

    /// <summary>Writes the files into the folder of an epoch that has none; durable when it returns.</summary>
    public void WriteTo(IDisk disk, string folder)
    {
        disk.Create(SlotFiles.PathA(folder), A);
        disk.Create(SlotFiles.PathB(folder), B);
        disk.Create(TenantFile.PathIn(folder), Tenants);
    }

    private static LatentDbException Damaged() => new(ErrorCode.DataDamaged, "The copy of the keys is damaged.");
}
