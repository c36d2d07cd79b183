namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// The 256 printable characters that stand for bytes in the vocabulary of a byte-level BPE (Radford et al. 2019): printable Latin-1 bytes stand
/// for themselves, the others for U+0100 and on, in order.
/// </summary>
internal static class ByteAlphabet
{
    /// <summary>No character of the alphabet is this high.</summary>
    private const int End = 0x144;

    private static readonly char[] CharOfByte = MakeChars();
    private static readonly short[] ByteOfChar = MakeBytes();

    public static char ToChar(byte value) => CharOfByte[value];

    public static bool TryGetByte(char character, out byte value)
    {
        short found = character < End ? ByteOfChar[character] : (short)-1;
        value = (byte)found;
        return found >= 0;
    }

    /// <summary>The bytes that a vocabulary entry stands for; null if a character of it is outside the alphabet.</summary>
    public static byte[]? ToBytes(ReadOnlySpan<char> token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!TryGetByte(token[i], out bytes[i])) return null;
        }

        return bytes;
    }

    /// <summary>Writes one character per byte.</summary>
    public static void ToChars(ReadOnlySpan<byte> bytes, Span<char> target)
    {
        for (int i = 0; i < bytes.Length; i++) target[i] = CharOfByte[bytes[i]];
    }

    private static char[] MakeChars()
    {
        char[] chars = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[value] = (char)(isPrintable ? value : next++);
        }

        return chars;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[End];
        Array.Fill<short>(bytes, -1);
        for (int value = 0; value < 256; value++) bytes[CharOfByte[value]] = (short)value;
        return bytes;
    }
}
