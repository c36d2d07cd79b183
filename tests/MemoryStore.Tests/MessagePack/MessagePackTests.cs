using System.Buffers;
using System.Diagnostics;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.MessagePack;

public sealed class MessagePackTests
{
    public static TheoryData<long, string> Integers => new()
    {
        { 0, "00" }, { 127, "7f" }, { 128, "cc80" }, { 255, "ccff" }, { 256, "cd0100" }, { 65535, "cdffff" }, { 65536, "ce00010000" },
        { 4294967295, "ceffffffff" }, { 4294967296, "cf0000000100000000" }, { long.MaxValue, "cf7fffffffffffffff" },
        { -1, "ff" }, { -32, "e0" }, { -33, "d0df" }, { -128, "d080" }, { -129, "d1ff7f" }, { -32768, "d18000" }, { -32769, "d2ffff7fff" },
        { int.MinValue, "d280000000" }, { int.MinValue - 1L, "d3ffffffff7fffffff" }, { long.MinValue, "d38000000000000000" },
    };

    private delegate void WriteAction(ref MessagePackWriter writer);

    [Theory]
    [MemberData(nameof(Integers))]
    public void Integers_take_the_published_shortest_form(long value, string hex)
    {
        byte[] bytes = Write((ref MessagePackWriter w) => w.WriteInt64(value));

        Assert.Equal(hex, Convert.ToHexStringLower(bytes));
        var reader = new MessagePackReader(bytes);
        Assert.Equal(value, reader.ReadInt64());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65536)]
    public void Strings_and_binaries_of_every_length_class_come_back(int length)
    {
        string text = new('x', length);
        byte[] data = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();

        byte[] bytes = Write((ref MessagePackWriter w) =>
        {
            w.WriteString(text);
            w.WriteBinary(data);
        });

        var reader = new MessagePackReader(bytes);
        Assert.Equal(text, reader.ReadString());
        Assert.Equal(data, reader.ReadBinary().ToArray());
        Assert.True(reader.IsAtEnd);
    }

    [Fact]
    public void Floats_keep_their_bits_even_in_a_NaN()
    {
        uint odd = 0x7fc12345;

        byte[] bytes = Write((ref MessagePackWriter w) => w.WriteSingle(BitConverter.UInt32BitsToSingle(odd)));

        var reader = new MessagePackReader(bytes);
        Assert.Equal(odd, BitConverter.SingleToUInt32Bits(reader.ReadSingle()));
    }

    [Fact]
    public void Skip_passes_over_every_kind_of_value()
    {
        string[] values =
        [
            "c0", "c2", "c3", "7f", "e0", "cc01", "cd0001", "ce00000001", "cf0000000000000001", "d001", "d10001", "d200000001", "d30000000000000001",
            "ca00000000", "cb0000000000000000", "a161", "d90161", "da000161", "db0000000161", "c40101", "c5000101", "c60000000101",
            "92c0c0", "dc0001c0", "dd00000001c0", "81c0c0", "de0001c0c0", "df00000001c0c0",
            "d40101", "d5010101", "d60101010101", "d7010101010101010101", "d80101010101010101010101010101010101", "c7010101", "c800010101", "c9000000010101",
        ];

        foreach (string value in values)
        {
            var reader = new MessagePackReader(Convert.FromHexString(value));
            reader.Skip();
            Assert.True(reader.IsAtEnd, value);
        }
    }

    [Theory]
    [InlineData("c1")]
    [InlineData("dd7fffffff")]
    [InlineData("dfffffffff")]
    [InlineData("dbffffffff")]
    [InlineData("c67fffffff00")]
    [InlineData("c9ffffffff01")]
    public void A_claim_larger_than_the_input_is_refused(string hex) =>
        Assert.Throws<MessagePackFormatException>(() => SkipAll(Convert.FromHexString(hex)));

    [Fact]
    public void Deep_nesting_is_refused_instead_of_overflowing_the_stack() =>
        Assert.Throws<MessagePackFormatException>(() => SkipAll([.. Enumerable.Repeat((byte)0x91, 100_000), 0xc0]));

    [Theory]
    [InlineData(MessagePackLimits.MaxDepth, true)]
    [InlineData(MessagePackLimits.MaxDepth + 1, false)]
    public void Nesting_is_read_to_its_limit_and_not_one_deeper(int depth, bool isRead)
    {
        byte[] arrays = [.. Enumerable.Repeat((byte)0x91, depth), 0xc0];
        byte[] maps = [.. Enumerable.Range(0, depth).SelectMany(_ => (byte[])[0x81, 0x01]), 0xc0];

        Assert.Equal(isRead, Record.Exception(() => SkipAll(arrays)) is null);
        Assert.Equal(isRead, Record.Exception(() => SkipAll(maps)) is null);
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused() =>
        Assert.Throws<MessagePackFormatException>(() => new MessagePackReader([0xa2, 0xff, 0xfe]).ReadString());

    [Fact]
    public void Random_bytes_end_in_a_value_or_in_a_format_error()
    {
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            try
            {
                SkipAll(bytes);
            }
            catch (MessagePackFormatException)
            {
                // The only permitted failure.
            }
        }
    }

    [RequiresPythonModuleFact("msgpack")]
    public async Task Another_implementation_writes_the_same_bytes()
    {
        const string Script = "import msgpack,sys;sys.stdout.write(msgpack.packb([0,-1,200,-200,70000,2**40,-2**40,'memory','x'*40,b'\\x01\\x02',None,True,{1:[1.5]}]).hex())";
        using Process python = Process.Start(new ProcessStartInfo(RequiresPythonModuleFactAttribute.FindInterpreter("msgpack")!, ["-c", Script]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        string hex = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.Equal(0, python.ExitCode);

        Assert.Equal(hex, Convert.ToHexStringLower(Write(WriteSample)));
    }

    private static void WriteSample(ref MessagePackWriter w)
    {
        w.WriteArrayHeader(13);
        foreach (long number in (long[])[0, -1, 200, -200, 70000, 1L << 40, -(1L << 40)]) w.WriteInt64(number);
        w.WriteString("memory");
        w.WriteString(new string('x', 40));
        w.WriteBinary([1, 2]);
        w.WriteNil();
        w.WriteBoolean(true);
        w.WriteMapHeader(1);
        w.WriteInt64(1);
        w.WriteArrayHeader(1);
        w.WriteDouble(1.5);
    }

    private static void SkipAll(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        while (!reader.IsAtEnd) reader.Skip();
    }

    private static byte[] Write(WriteAction action)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        action(ref writer);
        return buffer.WrittenSpan.ToArray();
    }
}
