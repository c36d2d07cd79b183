using System.Buffers;
using System.Text;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Tests.MessagePack;

/// <summary>
/// Any MessagePack document as a value: null, bool, long, ulong, float, double, string, byte[], <see cref="List{T}"/> of values, and a list of
/// pairs for a map. Made from a seed, written and read with the store's own writer and reader.
/// </summary>
internal static class Documents
{
    private const int MaxItems = 20;

    /// <summary>One value at each end of each length class and each integer class, and the floats that are not numbers.</summary>
    public static IEnumerable<object?> Edges()
    {
        yield return null;
        yield return true;
        yield return false;
        foreach (int bits in (int[])[0, 5, 7, 8, 15, 16, 31, 32, 62, 63])
        {
            long power = 1L << bits;
            foreach (long near in (long[])[power - 1, power, power + 1, -power - 1, -power, -power + 1]) yield return near;
        }

        yield return (ulong)long.MaxValue + 1;
        yield return ulong.MaxValue;
        foreach (double number in (double[])[0.0, double.Epsilon, double.MaxValue, double.MinValue, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.1]) yield return number;
        foreach (float number in (float[])[0f, float.Epsilon, float.MaxValue, float.MinValue, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0.1f]) yield return number;
        foreach (int length in (int[])[0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536])
        {
            yield return new string('x', length);
            yield return Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
            yield return Enumerable.Range(0, length).Select(i => (object?)(long)i).ToList();
            yield return Enumerable.Range(0, length).Select(i => KeyValuePair.Create((object)$"k{i}", (object?)(long)i)).ToList();
        }

        yield return Nested(MessagePackLimits.MaxDepth);
    }

    public static object? Random(Random random, int depth) => random.Next(depth > 0 ? 11 : 9) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 or 3 => unchecked((long)Bits(random)),
        4 => (ulong)long.MaxValue + Bits(random) / 2,
        5 => BitConverter.UInt64BitsToDouble((ulong)random.NextInt64(long.MinValue, long.MaxValue)),
        6 => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)),
        7 => Text(random, random.Next(60)),
        8 => Bytes(random, random.Next(300)),
        9 => Enumerable.Range(0, random.Next(MaxItems)).Select(_ => Random(random, depth - 1)).ToList(),
        _ => Enumerable.Range(0, random.Next(MaxItems)).Select(i => KeyValuePair.Create(Key(random, i), Random(random, depth - 1))).ToList(),
    };

    public static byte[] ToBytes(object? document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        Write(ref writer, document);
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="MessagePackFormatException">The bytes are no document, or more than one.</exception>
    public static object? FromBytes(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        object? document = Read(ref reader, bytes, depth: 0);
        return reader.IsAtEnd ? document : throw new MessagePackFormatException("Bytes follow the document.");
    }

    public static bool HasSingles(object? document) => document switch
    {
        float => true,
        List<object?> items => items.Exists(HasSingles),
        List<KeyValuePair<object, object?>> pairs => pairs.Exists(p => HasSingles(p.Value)),
        _ => false,
    };

    private static object Nested(int depth)
    {
        object document = "deep";
        for (int i = 0; i < depth; i++) document = new List<object?> { document };
        return document;
    }

    /// <summary>As many random bits as a random number says, so that every length class of integers comes about equally often.</summary>
    private static ulong Bits(Random random) => unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue)) >> random.Next(64);

    private static object Key(Random random, int i) => random.Next(2) == 0 ? (long)i : $"k{i}";

    private static string Text(Random random, int runes)
    {
        var text = new StringBuilder();
        for (int i = 0; i < runes; i++) text.Append(random.Next(4) switch { 0 => "a", 1 => "é", 2 => "€", _ => "😀" });
        return text.ToString();
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Write(ref MessagePackWriter writer, object? document)
    {
        switch (document)
        {
            case null: writer.WriteNil(); break;
            case bool value: writer.WriteBoolean(value); break;
            case long value: writer.WriteInt64(value); break;
            case ulong value: writer.WriteUInt64(value); break;
            case float value: writer.WriteSingle(value); break;
            case double value: writer.WriteDouble(value); break;
            case string value: writer.WriteString(value); break;
            case byte[] value: writer.WriteBinary(value); break;
            case List<object?> items:
                writer.WriteArrayHeader(items.Count);
                foreach (object? item in items) Write(ref writer, item);
                break;
            case List<KeyValuePair<object, object?>> pairs:
                writer.WriteMapHeader(pairs.Count);
                foreach ((object key, object? value) in pairs)
                {
                    Write(ref writer, key);
                    Write(ref writer, value);
                }

                break;
            default: throw new ArgumentException($"No document holds a {document.GetType()}.", nameof(document));
        }
    }

    private static object? Read(ref MessagePackReader reader, ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > MessagePackLimits.MaxDepth) throw new MessagePackFormatException("Too deep.");
        if (reader.IsAtEnd) throw new MessagePackFormatException("Nothing is left.");
        switch (bytes[reader.Position])
        {
            case MessagePackCode.Nil: return reader.TryReadNil() ? null : throw new InvalidOperationException();
            case MessagePackCode.True or MessagePackCode.False: return reader.ReadBoolean();
            case MessagePackCode.Float32: return reader.ReadSingle();
            case MessagePackCode.Float64: return reader.ReadDouble();
            case MessagePackCode.UInt64: return reader.ReadUInt64() is var value && value <= long.MaxValue ? (long)value : value;
            case >= MessagePackCode.FixString and < MessagePackCode.Nil or (>= MessagePackCode.String8 and <= MessagePackCode.String32): return reader.ReadString();
            case >= MessagePackCode.Bin8 and <= MessagePackCode.Bin32: return reader.ReadBinary().ToArray();
            case >= MessagePackCode.FixArray and < MessagePackCode.FixString or MessagePackCode.Array16 or MessagePackCode.Array32:
                var items = new List<object?>();
                for (int left = reader.ReadArrayHeader(); left > 0; left--) items.Add(Read(ref reader, bytes, depth + 1));
                return items;
            case >= MessagePackCode.FixMap and < MessagePackCode.FixArray or MessagePackCode.Map16 or MessagePackCode.Map32:
                var pairs = new List<KeyValuePair<object, object?>>();
                for (int left = reader.ReadMapHeader(); left > 0; left--)
                {
                    object key = Read(ref reader, bytes, depth + 1) ?? throw new MessagePackFormatException("Nil is no key.");
                    pairs.Add(KeyValuePair.Create(key, Read(ref reader, bytes, depth + 1)));
                }

                return pairs;
            default: return reader.ReadInt64();
        }
    }
}
