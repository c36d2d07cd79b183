using System.Text;
using FsCheck.Fluent;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Tests.Tokenizers;

public sealed class StreamDecoderTests
{
    private static readonly Tokenizer Bytes = FixtureTokenizer.LoadBytesOnly("<|end|>");

    [Fact]
    public void A_character_appears_with_its_last_byte_and_not_before()
    {
        var decoder = new StreamDecoder(Bytes);

        string[] pieces = [.. Encoding.UTF8.GetBytes("é😀x").Select(b => decoder.Append(b))];

        Assert.Equal(["", "é", "", "", "", "😀", "x"], pieces);
        Assert.Equal(string.Empty, decoder.Flush());
    }

    [Fact]
    public void Any_text_comes_out_whole_whatever_the_token_borders()
    {
        Texts.ForAll(Texts.AnyText, text =>
        {
            var decoder = new StreamDecoder(Bytes);
            string[] pieces = [.. Encoding.UTF8.GetBytes(text).Select(b => decoder.Append(b)).Append(decoder.Flush())];

            Assert.Equal(text, string.Concat(pieces));
            Assert.DoesNotContain(pieces, p => p.Length > 0 && (char.IsLowSurrogate(p[0]) || char.IsHighSurrogate(p[^1])));
        });
    }

    [Fact]
    public void Any_bytes_come_out_as_they_decode_at_once()
    {
        var anyBytes = Gen.Choose(0, 255).Select(b => (byte)b).ListOf();

        Texts.ForAll(anyBytes, bytes =>
        {
            var decoder = new StreamDecoder(Bytes);
            string streamed = string.Concat(bytes.Select(b => decoder.Append(b))) + decoder.Flush();

            Assert.Equal(Encoding.UTF8.GetString([.. bytes]), streamed);
        });
    }

    [Fact]
    public void An_unfinished_character_becomes_a_replacement_character_at_the_end()
    {
        var decoder = new StreamDecoder(Bytes);

        Assert.Equal(string.Empty, decoder.Append(0xF0));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal(string.Empty, decoder.Flush());
    }

    [Fact]
    public void A_special_token_has_no_text()
    {
        var decoder = new StreamDecoder(Bytes);

        Assert.Equal(string.Empty, decoder.Append(Bytes.FindSpecial("<|end|>")!.Value));
    }
}
