using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;

namespace LatentDb.MemoryStore.Tests.Links;

public sealed class LinkFramesTests
{
    private const byte Kind = LinkFrameKind.FirstOfService + 3;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((16 << 10) + 1)]
    [InlineData(LinkLimits.MaxFrameBytes)]
    [InlineData(LinkLimits.MaxFrameBytes + 1)]
    [InlineData((3 * LinkLimits.MaxFrameBytes) + 77)]
    public async Task Messages_of_every_length_arrive_as_they_were_sent(int length)
    {
        byte[] message = Bytes(length);
        using var stream = new MemoryStream();
        using (var writer = new LinkWriter(stream))
        {
            await writer.WriteAsync(Kind, message, CancellationToken.None);
            await writer.WriteAsync(Kind + 1, message, CancellationToken.None);
            await writer.WriteEndAsync(CancellationToken.None);
        }

        stream.Position = 0;
        using var reader = new LinkReader(stream);
        Assert.Equal(message, (await reader.ReadAsync(Kind, CancellationToken.None)).ToArray());
        Assert.Equal(message, (await reader.ReadAsync(Kind + 1, CancellationToken.None)).ToArray());
        Assert.Null(await reader.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task An_error_arrives_with_its_code_remedy_message_and_time_to_retry()
    {
        var sent = new LatentDbException(new ErrorCode("tenant_asleep", Remedy.RetryLater), "acme sleeps until 7.") { RetryAfter = TimeSpan.FromMilliseconds(1500.2) };

        LatentDbException received = await Assert.ThrowsAsync<LatentDbException>(() => ReadBackAsync(w => w.WriteErrorAsync(sent, CancellationToken.None)));

        Assert.Equal((sent.Code, sent.Message, TimeSpan.FromMilliseconds(1501)), (received.Code, received.Message, received.RetryAfter));
    }

    [Fact]
    public async Task A_stream_that_is_cut_anywhere_is_never_taken_for_its_end()
    {
        byte[] whole = await SentAsync(async w =>
        {
            await w.WriteAsync(Kind, Bytes(40), CancellationToken.None);
            await w.WriteEndAsync(CancellationToken.None);
        });

        for (int length = 0; length < whole.Length; length++)
        {
            await Assert.ThrowsAsync<LinkBrokenException>(() => ReadAllAsync(whole[..length]));
        }
    }

    [Fact]
    public async Task Any_byte_that_changed_ends_the_stream_and_no_wrong_message_is_given_out()
    {
        byte[] message = Bytes(40);
        byte[] whole = await SentAsync(w => w.WriteAsync(Kind, message, CancellationToken.None));

        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 0x40;
            LatentDbException error = await Assert.ThrowsAnyAsync<LatentDbException>(() => ReadAllAsync(changed));
            Assert.True(error.Code == ErrorCode.DataDamaged || error is LinkBrokenException, $"byte {i}: {error.Code}");
        }
    }

    [Fact]
    public async Task A_length_that_no_frame_may_have_is_refused_before_anything_is_taken_in()
    {
        byte[] whole = await SentAsync(w => w.WriteAsync(Kind, Bytes(40), CancellationToken.None));
        foreach (int length in (int[])[LinkLimits.MaxFrameBytes + 1, int.MaxValue, -1])
        {
            BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(1), length);
            LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => ReadAllAsync(whole));
            Assert.Equal(ErrorCode.DataDamaged, error.Code);
        }
    }

    [Fact]
    public async Task A_message_that_is_longer_than_its_reader_allows_is_refused()
    {
        byte[] whole = await SentAsync(w => w.WriteAsync(Kind, Bytes(LinkLimits.MaxFrameBytes + 10), CancellationToken.None));

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => ReadAllAsync(whole, LinkLimits.MaxFrameBytes + 9));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    [Fact]
    public async Task The_end_in_the_middle_of_a_message_is_damage()
    {
        byte[] whole = await SentAsync(w => w.WriteAsync(Kind, Bytes(LinkLimits.MaxFrameBytes + 10), CancellationToken.None));
        byte[] end = await SentAsync(w => w.WriteEndAsync(CancellationToken.None));

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => ReadAllAsync([.. whole[..^19], .. end]));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    private static async Task<byte[]> SentAsync(Func<LinkWriter, ValueTask> send)
    {
        using var stream = new MemoryStream();
        using var writer = new LinkWriter(stream);
        await send(writer);
        return stream.ToArray();
    }

    private static async Task ReadBackAsync(Func<LinkWriter, ValueTask> send) => await ReadAllAsync(await SentAsync(send));

    private static async Task ReadAllAsync(byte[] bytes, int maxMessageBytes = LinkLimits.MaxMessageBytes)
    {
        using var reader = new LinkReader(new MemoryStream(bytes), maxMessageBytes);
        while (await reader.ReadAsync(CancellationToken.None) is not null)
        {
        }
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte)(i * 31);
        return bytes;
    }
}
