using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>
/// One slot of a key file, 128 bytes, little endian:
/// <code>
///  0 u32 magic "LDKS"     4 u8 format 1    5 u8 state       6 u16 0
///  8 u32 tenant index    12 u32 generation of its key      16 u128 memory uid
/// 32 12 bytes nonce      44 data key, AES-256-GCM under the tenant key, 32 bytes and tag; the first 32 bytes of the slot are its AAD
/// 92 u32 slot number     96 zeros         124 u32 CRC-32C of bytes 0..123
/// </code>
/// Free and erased slots have zeros from 32 to 91. A slot of zeros only is damage: files grow by slots that are written as free.
/// </summary>
internal readonly record struct KeySlot(SlotState State, int Tenant, int Generation, MemoryUid Uid)
{
    public const int Bytes = 128;
    public const int AadBytes = 32;
    public const int SealedOffset = AadBytes;
    public const int SealedBytes = EncryptionLimits.NonceBytes + EncryptionLimits.KeyBytes + EncryptionLimits.TagBytes;
    private const uint Magic = 0x534b444c;
    private const byte Format = 1;
    private const int NumberOffset = 92;
    private const int ChecksumOffset = 124;

    public static KeySlot Free => new(SlotState.Free, 0, 0, default);

    public static KeySlot Lost => new(SlotState.Lost, 0, 0, default);

    public static KeySlot Erased(MemoryUid uid) => new(SlotState.Erased, 0, 0, uid);

    /// <summary>Nonce, wrapped key and tag of a slot.</summary>
    public static Span<byte> Sealed(Span<byte> slot) => slot.Slice(SealedOffset, SealedBytes);

    /// <summary>Writes everything but the wrapped key and what <see cref="Finish"/> writes; the rest becomes zero.</summary>
    public void Write(Span<byte> slot)
    {
        slot[..Bytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Magic);
        slot[4] = Format;
        slot[5] = (byte)State;
        BinaryPrimitives.WriteInt32LittleEndian(slot[8..], Tenant);
        BinaryPrimitives.WriteInt32LittleEndian(slot[12..], Generation);
        BinaryPrimitives.WriteUInt128LittleEndian(slot[16..], Uid.Value);
    }

    /// <summary>Ties the slot to its place and closes it with its checksum.</summary>
    public static void Finish(Span<byte> slot, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(slot[NumberOffset..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[ChecksumOffset..], Checksum.Crc32C(slot[..ChecksumOffset]));
    }

    /// <summary>A whole slot without a key.</summary>
    public byte[] ToBytes(int number)
    {
        byte[] slot = new byte[Bytes];
        Write(slot);
        Finish(slot, number);
        return slot;
    }

    /// <summary>Reads a slot that stands at that place; false when it does not verify.</summary>
    /// <exception cref="LatentDbException">unsupported_format: it verifies, but a newer program wrote it.</exception>
    public static bool TryRead(ReadOnlySpan<byte> slot, int number, out KeySlot read)
    {
        read = default;
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot) != Magic) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot[ChecksumOffset..]) != Checksum.Crc32C(slot[..ChecksumOffset])) return false;
        if (BinaryPrimitives.ReadInt32LittleEndian(slot[NumberOffset..]) != number) return false;
        var state = (SlotState)slot[5];
        if (slot[4] != Format || state is < SlotState.Free or > SlotState.Lost)
        {
            throw new LatentDbException(ErrorCode.UnsupportedFormat, $"Key slot {number} has format {slot[4]} and state {slot[5]}, which this program does not know.");
        }

        read = new KeySlot(
            state,
            BinaryPrimitives.ReadInt32LittleEndian(slot[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(slot[12..]),
            new MemoryUid(BinaryPrimitives.ReadUInt128LittleEndian(slot[16..])));
        return true;
    }
}

/// <summary>What a slot holds. The numbers are on disk.</summary>
internal enum SlotState : byte
{
    /// <summary>Nothing; it may be taken.</summary>
    Free = 1,

    /// <summary>The wrapped data key of a memory.</summary>
    Present = 2,

    /// <summary>The uid of a memory whose key was overwritten.</summary>
    Erased = 3,

    /// <summary>Both copies were damaged when the files were copied: some memory's key or mark stood here.</summary>
    Lost = 4,
}
