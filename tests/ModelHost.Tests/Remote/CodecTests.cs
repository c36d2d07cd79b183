using System.Buffers;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>What silos say to each other about models is what arrives, and bytes that say nothing are refused.</summary>
public sealed class CodecTests
{
    private const int Rounds = 300;

    [Fact]
    public void Calls_arrive_as_they_were_sent()
    {
        var random = new Random(1);
        for (int i = 0; i < Rounds; i++)
        {
            ModelCall call = Draw(random);
            ModelCall read = ModelCallCodec.Read(Bytes(b => ModelCallCodec.Write(b, call)));
            Assert.Equal(Words(call), Words(read));
        }
    }

    [Fact]
    public void Steps_of_answers_arrive_as_they_were_sent()
    {
        var random = new Random(2);
        for (int i = 0; i < Rounds; i++)
        {
            GenerationEvent step = i % 2 == 0 ? new GeneratedText(DrawText(random)) : new GenerationCompleted(
                (FinishReason)random.Next(2),
                new TokenUsage(random.Next(), random.Next()),
                new RetrievalReport([.. Many(random, r => r.Next())], [.. Many(random, r => new RetrievedBlock(DrawBlock(r), r.NextInt64(), r.Next()))]),
                DrawTimings(random));
            GenerationEvent read = AnswerCodec.ReadEvent(Bytes(b => AnswerCodec.Write(b, step)));
            Assert.Equal(Words(step), Words(read));
        }
    }

    [Fact]
    public void Outcomes_arrive_as_they_were_sent()
    {
        var random = new Random(3);
        for (int i = 0; i < Rounds; i++)
        {
            var outcome = new InjectOutcome([.. Many(random, DrawDelta)], random.Next(), random.Next(), DrawTimings(random));
            (InjectOutcome read, int slices) = AnswerCodec.ReadOutcome(Bytes(b => AnswerCodec.Write(b, outcome, i)));
            Assert.Equal((Words(outcome), i), (Words(read), slices));
        }
    }

    [Fact]
    public void Descriptions_and_wishes_arrive_as_they_were_sent()
    {
        var model = new ModelDescription("m", ModelFingerprint.Parse(new string('a', 64)), "mplus", 8_000_000_000, 32, 4096, 256, 10240, 2560, 512, 16, 128256, 67L << 20, "cuda");
        var slice = new SliceAddress(new BlockId(new MemoryUid(UInt128.MaxValue), long.MaxValue), 31, SlicePart.Hidden);

        Assert.Equal((model, 16), DescriptionCodec.Read(Bytes(b => DescriptionCodec.Write(b, model, 16))));
        Assert.Equal((slice, int.MaxValue), BlockCodec.ReadWish(Bytes(b => BlockCodec.WriteWish(b, slice, int.MaxValue))));
    }

    [Fact]
    public void A_call_of_a_newer_silo_is_read_without_what_is_new_in_it()
    {
        byte[] bytes = Bytes(b =>
        {
            var writer = new MessagePackWriter(b);
            writer.WriteMapHeader(3);
            writer.WriteInt64(1);
            writer.WriteInt64((int)ModelVerb.Forget);
            writer.WriteInt64(11);
            writer.WriteString("acme");
            writer.WriteInt64(99);
            writer.WriteArrayHeader(1);
            writer.WriteString("something new");
        });

        ModelCall call = ModelCallCodec.Read(bytes);

        Assert.Equal((ModelVerb.Forget, "acme", true), (call.Verb, call.Flow, call.ReadsBank));
    }

    [Fact]
    public void Bytes_that_are_cut_or_changed_never_do_more_than_be_refused()
    {
        var random = new Random(4);
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = Bytes(b => ModelCallCodec.Write(b, Draw(random)));
            Assert.Throws<MessagePackFormatException>(() => ModelCallCodec.Read(bytes.AsSpan(0, random.Next(bytes.Length))));
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                Assert.NotNull(ModelCallCodec.Read(bytes));
            }
            catch (MessagePackFormatException)
            {
                // Refused, as it may be; the checksum of its frame would have caught it before.
            }
        }
    }

    private static ModelCall Draw(Random random) => new((ModelVerb)random.Next(1, 7))
    {
        Owner = DrawText(random),
        Version = new VersionNumber(random.NextInt64(1, long.MaxValue)),
        Fingerprint = random.Next(2) == 0 ? null : ModelFingerprint.Parse(new string("0123456789abcdef"[random.Next(16)], 64)),
        Manifest = new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()),
        Memory = random.Next(2) == 0 ? null : DrawBlock(random).Owner,
        Text = random.Next(3) switch
        {
            0 => null,
            1 => new TextInput.Plain(DrawText(random)),
            _ => new TextInput.Conversation([.. Many(random, r => new ChatMessage(DrawText(r), DrawText(r)))]),
        },
        Seed = (ulong)random.NextInt64() * 2,
        Options = random.Next(2) == 0 ? null : new GenerationOptions
        {
            MaxTokens = random.Next(),
            Temperature = random.NextSingle(),
            TopP = random.NextSingle(),
            TopK = random.Next(),
            RepetitionPenalty = random.NextSingle(),
            Seed = ulong.MaxValue - (ulong)random.Next(),
            Stop = [.. Many(random, DrawText)],
        },
        ReadsBank = random.Next(2) == 0,
        Flow = DrawText(random),
        Priority = (RequestPriority)random.Next(3),
        Blocks = [.. Many(random, DrawBlock)],
        Forgotten = [.. Many(random, r => DrawBlock(r).Owner)],
        Trace = random.Next(2) == 0 ? null : DrawText(random),
    };

    private static ManifestDelta DrawDelta(Random random) => new(DrawBlock(random), random.Next(), [.. Many(random, r => new LayerDelta(
        [.. Many(r, x => x.Next()).Order()], r.Next(2) == 0, r.Next(2) == 0 ? null : r.NextSingle(), r.NextSingle(), [.. Many(r, x => new RowRange(x.Next(), x.Next()))], [.. Many(r, x => new RowRange(x.Next(), x.Next()))]))]);

    private static BlockId DrawBlock(Random random) => new(new MemoryUid(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64())), random.NextInt64());

    private static StageTimings DrawTimings(Random random) => new() { Queue = new TimeSpan(random.NextInt64()), PageIn = new TimeSpan(random.Next()), Commit = new TimeSpan(random.Next()), Decode = new TimeSpan(random.Next()) };

    private static string DrawText(Random random) => string.Concat(Many(random, r => new System.Text.Rune(r.Next(1, 0xd800)).ToString()));

    private static T[] Many<T>(Random random, Func<Random, T> draw) => [.. Enumerable.Range(0, random.Next(5)).Select(_ => draw(random))];

    private static byte[] Bytes(Action<IBufferWriter<byte>> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Records compare their lists by reference; their words are compared instead.</summary>
    private static string Words(object value) => System.Text.Json.JsonSerializer.Serialize(value, value.GetType(), Json);

    private static readonly System.Text.Json.JsonSerializerOptions Json = new() { IncludeFields = true, Converters = { new TextConverter(), new WideConverter() } };

    private sealed class TextConverter : System.Text.Json.Serialization.JsonConverter<TextInput>
    {
        public override TextInput Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(System.Text.Json.Utf8JsonWriter writer, TextInput value, System.Text.Json.JsonSerializerOptions options) =>
            System.Text.Json.JsonSerializer.Serialize(writer, value, value.GetType());
    }

    private sealed class WideConverter : System.Text.Json.Serialization.JsonConverter<MemoryUid>
    {
        public override MemoryUid Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(System.Text.Json.Utf8JsonWriter writer, MemoryUid value, System.Text.Json.JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
