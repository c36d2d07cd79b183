using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace LatentDb.MemoryStore;

/// <summary>CRC-32C (Castagnoli, RFC 3720 B.4): finds every burst up to 32 bits, with the processor's own instruction.</summary>
/// <remarks>
/// The instruction gives its result after three cycles and can be started in each, so long inputs are taken in three lanes side by side. A CRC is
/// linear: the one of the whole is that of each lane carried over the lanes behind it, which is a table look-up.
/// </remarks>
public static class Checksum
{
    /// <summary>Long enough that the two look-ups a round do not count, short enough that most frames have some.</summary>
    private const int LaneBytes = 1024;

    private const int Lanes = 3;

    /// <summary>What each byte of a CRC becomes when a lane of zeros follows it: four tables of 256.</summary>
    private static readonly uint[] AfterLane = MakeAfterLane();

    /// <summary>The checksum of some bytes.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes) => Crc32C(bytes, 0);

    /// <summary>Continues a checksum: <c>Crc32C(b, Crc32C(a))</c> is that of a followed by b.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes, uint before)
    {
        uint crc = ~before;
        while (BitConverter.IsLittleEndian && bytes.Length >= Lanes * LaneBytes)
        {
            crc = AddLanes(crc, MemoryMarshal.Cast<byte, ulong>(bytes[..(Lanes * LaneBytes)]));
            bytes = bytes[(Lanes * LaneBytes)..];
        }

        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    private static uint AddLanes(uint crc, ReadOnlySpan<ulong> words)
    {
        const int LaneWords = LaneBytes / sizeof(ulong);
        ReadOnlySpan<ulong> first = words[..LaneWords];
        ReadOnlySpan<ulong> second = words.Slice(LaneWords, LaneWords);
        ReadOnlySpan<ulong> third = words.Slice(2 * LaneWords, LaneWords);
        uint secondCrc = 0;
        uint thirdCrc = 0;
        for (int i = 0; i < LaneWords; i++)
        {
            crc = BitOperations.Crc32C(crc, first[i]);
            secondCrc = BitOperations.Crc32C(secondCrc, second[i]);
            thirdCrc = BitOperations.Crc32C(thirdCrc, third[i]);
        }

        return CarryOverLane(CarryOverLane(crc) ^ secondCrc) ^ thirdCrc;
    }

    private static uint CarryOverLane(uint crc) =>
        AfterLane[crc & 0xff] ^ AfterLane[256 + ((crc >> 8) & 0xff)] ^ AfterLane[512 + ((crc >> 16) & 0xff)] ^ AfterLane[768 + (crc >> 24)];

    private static uint[] MakeAfterLane()
    {
        uint[] tables = new uint[4 * 256];
        for (int entry = 0; entry < tables.Length; entry++)
        {
            uint crc = (uint)(entry & 0xff) << (8 * (entry >> 8));
            for (int i = 0; i < LaneBytes / sizeof(ulong); i++) crc = BitOperations.Crc32C(crc, 0ul);
            tables[entry] = crc;
        }

        return tables;
    }
}
