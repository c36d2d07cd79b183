namespace LatentDb.MemoryStore.Tests.Fuzz;

/// <summary>One change of one file, as a disk makes it; the same seed makes the same change.</summary>
/// <param name="What">For messages.</param>
/// <param name="Name">The file.</param>
/// <param name="Bytes">What it holds now.</param>
internal sealed record StoreDamage(string What, string Name, byte[] Bytes)
{
    private const int WordBytes = 8;

    /// <summary>One bit, anywhere.</summary>
    public static StoreDamage FlipBit(StoredFiles files, Random random)
    {
        (string name, int at) = files.Pick(random);
        byte[] bytes = [.. files.Files[name]];
        int bit = random.Next(8);
        bytes[at] ^= (byte)(1 << bit);
        return new StoreDamage($"bit {bit} of byte {at} of {name}", name, bytes);
    }

    /// <summary>Two bits, two words that changed places, a sector of zeros, or a sector that another one was written over.</summary>
    public static StoreDamage Other(StoredFiles files, Random random) => random.Next(4) switch
    {
        0 => FlipTwo(files, random),
        1 => SwapWords(files, random),
        2 => ZeroSector(files, random),
        _ => MisdirectSector(files, random),
    };

    private static StoreDamage FlipTwo(StoredFiles files, Random random)
    {
        (string name, int at) = files.Pick(random);
        byte[] bytes = [.. files.Files[name]];
        bytes[at] ^= (byte)(1 << random.Next(8));
        int second = Math.Min(bytes.Length - 1, at + random.Next(1, 64));
        bytes[second] ^= (byte)(1 << random.Next(8));
        return new StoreDamage($"bits in bytes {at} and {second} of {name}", name, bytes);
    }

    private static StoreDamage SwapWords(StoredFiles files, Random random)
    {
        (string name, int at) = files.Pick(random);
        byte[] bytes = [.. files.Files[name]];
        int first = at / WordBytes * WordBytes;
        int second = first + (WordBytes * random.Next(1, 32));
        if (second + WordBytes > bytes.Length) return FlipTwo(files, random);
        byte[] word = bytes[first..(first + WordBytes)];
        bytes.AsSpan(second, WordBytes).CopyTo(bytes.AsSpan(first));
        word.CopyTo(bytes, second);
        return new StoreDamage($"words at {first} and {second} of {name} swapped", name, bytes);
    }

    private static StoreDamage ZeroSector(StoredFiles files, Random random)
    {
        (string name, int at) = files.Pick(random);
        byte[] bytes = [.. files.Files[name]];
        int sector = random.Next(2) == 0 ? 512 : 4096;
        int from = at / sector * sector;
        bytes.AsSpan(from, Math.Min(sector, bytes.Length - from)).Clear();
        return new StoreDamage($"{sector} bytes at {from} of {name} zeroed", name, bytes);
    }

    private static StoreDamage MisdirectSector(StoredFiles files, Random random)
    {
        (string name, int at) = files.Pick(random);
        (string other, int otherAt) = files.Pick(random);
        byte[] bytes = [.. files.Files[name]];
        byte[] source = files.Files[other];
        int sector = random.Next(2) == 0 ? 512 : 4096;
        int from = at / sector * sector;
        int otherFrom = otherAt / sector * sector;
        int count = Math.Min(sector, Math.Min(bytes.Length - from, source.Length - otherFrom));
        source.AsSpan(otherFrom, count).CopyTo(bytes.AsSpan(from));
        return new StoreDamage($"{count} bytes at {from} of {name} overwritten by those at {otherFrom} of {other}", name, bytes);
    }
}
