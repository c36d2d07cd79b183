using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Tests.Records;

public sealed class FrameTests
{
    private static readonly FrameHeader Header =
        new(FrameKind.Version, FrameFlags.None, new MemoryUid(42), new Epoch(3), 17, new HybridTimestamp(1234567), 0xfeedface, 0, 1, 0);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(1000)]
    public void A_sealed_frame_opens_with_what_was_put_in(int payloadBytes)
    {
        byte[] payload = Enumerable.Range(0, payloadBytes).Select(i => (byte)i).ToArray();
        byte[] frame = Seal(payload);

        FrameHeader header = Frame.Open(frame);

        Assert.Equal(Header with { PayloadBytes = payloadBytes }, header);
        byte[] read = new byte[Frame.PayloadBytes(header)];
        Frame.ReadPayload(header, frame, null, read);
        Assert.Equal(payload, read);
        Assert.Equal(4, frame.Length % 16);
    }

    [Fact]
    public void Every_flipped_bit_is_detected()
    {
        byte[] frame = Seal([1, 2, 3, 4, 5]);
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<FrameFormatException>(() => Frame.Open(frame));
            frame[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Swapped_words_are_detected_which_an_XOR_checksum_would_pass()
    {
        byte[] frame = Seal(Enumerable.Range(0, 64).Select(i => (byte)i).ToArray());
        Span<byte> payload = frame.AsSpan(FrameHeader.Bytes + 2, 16);
        byte[] first = payload[..8].ToArray();
        payload[8..].CopyTo(payload);
        first.CopyTo(payload[8..]);

        Assert.Throws<FrameFormatException>(() => Frame.Open(frame));
    }

    [Fact]
    public void A_frame_that_lost_or_gained_bytes_is_refused()
    {
        byte[] frame = Seal(new byte[100]);
        for (int length = 0; length < frame.Length; length++) Assert.Throws<FrameFormatException>(() => Frame.Open(frame.AsSpan(0, length)));
        Assert.Throws<FrameFormatException>(() => Frame.Open([.. frame, .. new byte[16]]));
    }

    [Fact]
    public void An_unknown_kind_is_refused_as_unsupported_not_as_damage()
    {
        byte[] frame = SealAs(Header with { Kind = (FrameKind)77 });

        Assert.True(Assert.Throws<FrameFormatException>(() => Frame.Open(frame)).IsUnsupported);
    }

    [Fact]
    public void An_unknown_flag_is_refused_as_unsupported()
    {
        byte[] frame = SealAs(Header with { Flags = FrameFlags.Compressed });

        Assert.True(Assert.Throws<FrameFormatException>(() => Frame.Open(frame)).IsUnsupported);
    }

    [Fact]
    public void An_encrypted_payload_opens_with_its_key_in_its_place_only()
    {
        byte[] payload = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        using var cipher = new FrameCipher(FrameCipher.NewSalt(), 1);
        using var key = new FrameKey(cipher, DataKey.Random());
        using var other = new FrameKey(cipher, DataKey.Random());
        byte[] frame = new byte[Frame.Length(Frame.StoredBytes(payload.Length, isEncrypted: true))];
        Frame.Seal(frame, Header, payload, key);
        FrameHeader header = Frame.Open(frame);
        byte[] read = new byte[Frame.PayloadBytes(header)];

        Frame.ReadPayload(header, frame, key, read);

        Assert.Equal(payload, read);
        Assert.True(frame.AsSpan().IndexOf(payload.AsSpan(0, 16)) < 0);
        Assert.Throws<FrameFormatException>(() => Frame.ReadPayload(header, frame, other, read));
        Assert.Throws<FrameFormatException>(() => Frame.ReadPayload(header, frame, null, read));
        frame[24] ^= 1; // Another epoch: the payload is bound to the header, whatever the checksums say.
        Assert.Throws<FrameFormatException>(() => Frame.ReadPayload(header, frame, key, read));
    }

    [Fact]
    public void The_largest_payload_of_an_entry_fills_it_exactly()
    {
        int payload = Frame.MaxPayload((16 << 10) - 12);

        Assert.Equal((16 << 10) - 12, Frame.Length(Frame.StoredBytes(payload, isEncrypted: true)));
        Assert.True(Frame.Length(Frame.StoredBytes(payload + 1, isEncrypted: true)) > (16 << 10) - 12);
    }

    [Fact]
    public void The_checksum_is_CRC32C()
    {
        Assert.Equal(0xe3069283u, Checksum.Crc32C("123456789"u8));
        Assert.Equal(Checksum.Crc32C("123456789"u8), Checksum.Crc32C("6789"u8, Checksum.Crc32C("12345"u8)));
    }

    private static byte[] Seal(byte[] payload)
    {
        byte[] frame = new byte[Frame.Length(payload.Length)];
        Frame.Seal(frame, Header, payload, key: null);
        return frame;
    }

    private static byte[] SealAs(FrameHeader header)
    {
        byte[] frame = new byte[Frame.Length(3)];
        Frame.Seal(frame, header, [1, 2, 3], key: null);
        return frame;
    }
}
