using System.Buffers.Binary;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tests.MessagePack;
using LatentDb.MemoryStore.Tests.Records;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Tests.Fuzz;

/// <summary>Whatever the bytes are, decoding them ends in a value or in a typed error: 50,000 inputs in a build, 1,250,000 with LATENTDB_LONG=1.</summary>
public sealed class DecodingFuzzTests
{
    private const int HeaderChecksumOffset = FrameHeader.Bytes - 4;
    private const int BodyChecksumOffset = FrameHeader.Bytes - 8;

    private static readonly int Rounds = LongMode.Rounds(inCI: 10_000, whole: 250_000);

    [Fact]
    public async Task A_mutated_MessagePack_document_is_a_document_or_a_format_error()
    {
        var random = new Random(1);
        byte[][] corpus = [.. Enumerable.Range(0, 200).Select(_ => Documents.ToBytes(Documents.Random(random, 4))).Where(d => d.Length > 1)];
        var run = new FuzzRun("MessagePackReader", corpus, SkipAndRead, e => e is MessagePackFormatException);

        await run.RunAsync(Rounds);
    }

    [Fact]
    public async Task A_mutated_record_is_a_record_or_a_format_error()
    {
        ShardRecord[] samples = [.. RecordCodecTests.Samples()];
        byte[][] corpus = [.. samples.Select(s => (byte[])[(byte)s.Kind, .. RecordCodec.Encode(s).Span])];
        var run = new FuzzRun("RecordCodec", corpus, DecodeRecord, e => e is FrameFormatException);

        await run.RunAsync(Rounds);

        Assert.NotEqual(0, run.Accepted);
    }

    [Fact]
    public async Task A_mutated_slice_is_a_slice_or_a_format_error()
    {
        var address = new SliceAddress(new BlockId(new MemoryUid(1), 4), 2, SlicePart.Read);
        byte[][] corpus = [.. Enumerable.Range(1, 5).Select(rows => BlockSliceCodec.Encode(new TestModel().Slice(address, BlockKind.MemoryRows, rows, seed: rows)).ToArray())];
        var run = new FuzzRun("BlockSliceCodec", corpus, bytes => BlockSliceCodec.Decode(address, bytes), e => e is FrameFormatException);

        await run.RunAsync(Rounds);
    }

    [Fact]
    public async Task A_mutated_frame_is_refused_by_its_checksums()
    {
        byte[][] corpus = Frames();
        var run = new FuzzRun("Frame", corpus, OpenFrame, e => e is FrameFormatException);

        await run.RunAsync(Rounds);

        // A mutation may put back what was there, and one that splices a frame to a whole other one is that other frame.
        Assert.InRange(run.Accepted, 0, Rounds / 20);
    }

    [Fact]
    public async Task A_mutated_frame_with_right_checksums_is_a_frame_or_a_format_error()
    {
        var run = new FuzzRun("Frame with right checksums", Frames(), bytes => OpenFrame(MakeGood(bytes)), e => e is FrameFormatException);

        await run.RunAsync(Rounds);

        Assert.NotEqual(0, run.Accepted);
    }

    private static void SkipAndRead(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        reader.Skip();
        Documents.FromBytes(bytes.AsSpan(0, reader.Position));
    }

    /// <summary>What was accepted must also be written again, to the same value.</summary>
    private static void DecodeRecord(byte[] bytes)
    {
        if (bytes.Length == 0) return;
        var kind = (FrameKind)bytes[0];
        ShardRecord record = RecordCodec.Decode(new FrameHeader { Kind = kind }, bytes.AsSpan(1));
        byte[] written = RecordCodec.Encode(record).ToArray();
        Assert.Equal(written, RecordCodec.Encode(RecordCodec.Decode(new FrameHeader { Kind = kind }, written)).ToArray());
    }

    private static void OpenFrame(byte[] bytes)
    {
        FrameHeader header = Frame.Open(bytes);
        Frame.ReadPayload(header, bytes, key: null, new byte[Frame.PayloadBytes(header)]);
    }

    private static byte[][] Frames() =>
    [
        .. Enumerable.Range(0, 20).Select(i =>
        {
            byte[] payload = new byte[i * 37];
            new Random(i).NextBytes(payload);
            var header = new FrameHeader(FrameKind.Version, FrameFlags.None, new MemoryUid((UInt128)i), new Epoch(3), i, new HybridTimestamp(i), 7, 0, 1, 0);
            byte[] frame = new byte[Frame.Length(payload.Length)];
            Frame.Seal(frame, header, payload, key: null);
            return frame;
        }),
    ];

    /// <summary>Gives mutated bytes the checksums that their own lengths call for, so that what is behind the checksums is reached.</summary>
    private static byte[] MakeGood(byte[] bytes)
    {
        if (bytes.Length < FrameHeader.Bytes) return bytes;
        long body = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(64));
        int covered = (int)Math.Min(body, bytes.Length - FrameHeader.Bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(BodyChecksumOffset), Checksum.Crc32C(bytes.AsSpan(FrameHeader.Bytes, covered)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(HeaderChecksumOffset), Checksum.Crc32C(bytes.AsSpan(0, HeaderChecksumOffset)));
        return bytes;
    }
}
