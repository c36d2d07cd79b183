namespace LatentDb.MemoryStore.Tests.Fuzz;

/// <summary>Changes bytes as a broken disk or a hostile writer would; the same seed makes the same change.</summary>
internal static class Mutation
{
    /// <summary>Codes of containers, strings and binaries with a length of four bytes, and lengths that overflow what is computed from them.</summary>
    private static readonly byte[] Codes = [0xc6, 0xc9, 0xdb, 0xdd, 0xdf];

    private static readonly byte[][] Lengths = [[0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0, 0, 0xff, 0xff], [0, 0x10, 0, 0]];

    public static byte[] Apply(byte[] original, IReadOnlyList<byte[]> others, Random random)
    {
        List<byte> bytes = [.. original];
        for (int i = random.Next(1, 5); i > 0; i--) ApplyOnce(bytes, others, random);
        return [.. bytes];
    }

    private static void ApplyOnce(List<byte> bytes, IReadOnlyList<byte[]> others, Random random)
    {
        int at = random.Next(bytes.Count + 1);
        int left = bytes.Count - at;
        switch (random.Next(8))
        {
            case 0 when left > 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 1 when left > 0: bytes[at] = (byte)random.Next(256); break;
            case 2: bytes.RemoveRange(at, Math.Min(left, random.Next(1, 9))); break;
            case 3: bytes.InsertRange(at, Some(random, random.Next(1, 9))); break;
            case 4: bytes.RemoveRange(at, left); break;
            case 5: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(left, random.Next(1, 65)))); break;
            case 6: Claim(bytes, at, random); break;
            default: Splice(bytes, at, others[random.Next(others.Count)], random); break;
        }
    }

    /// <summary>A container or string that says it has far more than there is.</summary>
    private static void Claim(List<byte> bytes, int at, Random random)
    {
        byte[] claim = [Codes[random.Next(Codes.Length)], .. Lengths[random.Next(Lengths.Length)]];
        if (random.Next(2) == 0) bytes.RemoveRange(at, Math.Min(bytes.Count - at, claim.Length));
        bytes.InsertRange(at, claim);
    }

    private static void Splice(List<byte> bytes, int at, byte[] other, Random random)
    {
        int from = random.Next(other.Length + 1);
        bytes.RemoveRange(at, bytes.Count - at);
        bytes.AddRange(other[from..]);
    }

    private static byte[] Some(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
