using System.Buffers;
using System.Text;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>Token ids → text as they come. A character whose bytes are spread over tokens appears when its last byte does. One answer, one thread.</summary>
internal sealed class StreamDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public StreamDecoder(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
    }

    /// <summary>The characters that this token completes; empty while one is unfinished. Bytes that can never become one give U+FFFD.</summary>
    public string Append(int id) => Convert(_tokenizer.BytesOf(id), flush: false);

    /// <summary>The end: an unfinished character gives U+FFFD.</summary>
    public string Flush() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        // At most three bytes of an unfinished character are waiting, and no byte gives more than one char.
        int maxChars = bytes.Length + 4;
        char[]? rented = maxChars > 128 ? ArrayPool<char>.Shared.Rent(maxChars) : null;
        Span<char> chars = rented ?? stackalloc char[128];
        int written = _decoder.GetChars(bytes, chars, flush);
        string text = written == 0 ? string.Empty : new string(chars[..written]);
        if (rented is not null) ArrayPool<char>.Shared.Return(rented);
        return text;
    }
}
