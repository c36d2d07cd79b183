using System.Numerics;

namespace LatentDb.MemoryStore.Tests;

public sealed class ChecksumTests
{
    [Fact]
    public void Long_inputs_in_lanes_have_the_same_checksum_as_byte_by_byte()
    {
        var random = new Random(1);
        byte[] bytes = new byte[20_000];
        random.NextBytes(bytes);
        for (int round = 0; round < 2000; round++)
        {
            int from = random.Next(64);
            int length = round < 200 ? 3 * 1024 * (round % 6) + (round / 6) - 16 : random.Next(bytes.Length - from);
            ReadOnlySpan<byte> part = bytes.AsSpan(from, Math.Max(0, length));
            uint before = (uint)random.Next();

            Assert.Equal(OneByOne(part, before), Checksum.Crc32C(part, before));
        }
    }

    [Fact]
    public void A_checksum_is_continued_at_any_place()
    {
        byte[] bytes = new byte[10_000];
        new Random(2).NextBytes(bytes);
        uint whole = Checksum.Crc32C(bytes);
        for (int cut = 0; cut <= bytes.Length; cut += 37)
        {
            Assert.Equal(whole, Checksum.Crc32C(bytes.AsSpan(cut), Checksum.Crc32C(bytes.AsSpan(0, cut))));
        }
    }

    private static uint OneByOne(ReadOnlySpan<byte> bytes, uint before)
    {
        uint crc = ~before;
        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
