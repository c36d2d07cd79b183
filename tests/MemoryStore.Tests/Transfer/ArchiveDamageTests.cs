using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tests.Fuzz;
using LatentDb.MemoryStore.Transfer.Archives;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>An archive that is not the one that was written is refused with archive_invalid, and with nothing else.</summary>
public sealed class ArchiveDamageTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))];

    /// <summary>In CI 20,000 archives; LATENTDB_LONG=1 makes it a million.</summary>
    private static readonly int FuzzCases = LongMode.Rounds(inCI: 20_000, whole: 1_000_000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_flipped_bit_is_found(bool isProtected)
    {
        (byte[] archive, byte[]? key) = await SmallAsync(isProtected);
        for (int bit = 0; bit < archive.Length * 8; bit++)
        {
            archive[bit / 8] ^= (byte)(1 << (bit % 8));
            await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(archive, key));
            archive[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_cut_is_found(bool isProtected)
    {
        (byte[] archive, byte[]? key) = await SmallAsync(isProtected);
        for (int length = 0; length < archive.Length; length++)
        {
            await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(archive[..length], key), "is cut off");
        }
    }

    [Fact]
    public async Task Bytes_after_the_end_are_found()
    {
        (byte[] archive, _) = await SmallAsync(isProtected: false);

        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync([.. archive, 0]), "goes on after its end");
        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync([.. archive, .. archive]), "goes on after its end");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_that_were_swapped_doubled_or_left_out_are_found(bool isProtected)
    {
        (byte[] archive, byte[]? key) = await SmallAsync(isProtected);
        foreach (List<byte[]> other in Rearranged(ArchiveBytes.Split(archive)))
        {
            await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync([.. other.SelectMany(p => p)], key));
        }
    }

    [Fact]
    public async Task Whoever_seals_rearranged_frames_anew_still_has_no_key()
    {
        (byte[] archive, byte[]? key) = await SmallAsync(isProtected: true);
        foreach (List<byte[]> other in Rearranged(ArchiveBytes.Split(archive)))
        {
            await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(ArchiveBytes.Reseal(other), key));
        }
    }

    [Fact]
    public async Task Whoever_seals_changed_bytes_anew_still_has_no_key()
    {
        (byte[] archive, byte[]? key) = await SmallAsync(isProtected: true);
        List<byte[]> parts = ArchiveBytes.Split(archive);
        foreach (byte[] part in parts)
        {
            // The seal itself is made anew, so only the bytes before it can differ.
            for (int at = 0; at < part.Length - ArchiveFormat.ChecksumBytes - ArchiveFormat.SealBytes; at++)
            {
                part[at] ^= 1;
                await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(ArchiveBytes.Reseal(parts), key));
                part[at] ^= 1;
            }
        }
    }

    [Fact]
    public async Task An_end_that_counts_wrongly_is_found()
    {
        (byte[] archive, _) = await SmallAsync(isProtected: false);
        List<byte[]> parts = ArchiveBytes.Split(archive);
        parts.RemoveAt(2);

        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(ArchiveBytes.Reseal(parts)), "as many records as it says");
    }

    [Theory]
    [InlineData(int.MaxValue, 0)]
    [InlineData(-1, 0)]
    [InlineData((1 << 20) + 1, 0)]
    [InlineData(10, 1)]
    [InlineData(0, 0)]
    [InlineData(17, 3)]
    [InlineData(17, 4)]
    public async Task A_head_that_cannot_be_is_refused_before_its_body_is_read(int body, int flags)
    {
        (byte[] archive, _) = await SmallAsync(isProtected: false);
        List<byte[]> parts = ArchiveBytes.Split(archive);
        byte[] head = new byte[ArchiveFormat.FrameHeadBytes + ArchiveFormat.ChecksumBytes + ArchiveFormat.SealBytes];
        BinaryPrimitives.WriteInt32LittleEndian(head, body);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), flags);

        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(ArchiveBytes.Reseal([parts[0], head])), "is damaged: frame 0");
    }

    [Fact]
    public async Task A_newer_format_is_named()
    {
        (byte[] archive, _) = await SmallAsync(isProtected: false);
        archive[8] = 2;

        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(archive), "has format 2");
    }

    [Fact]
    public async Task A_header_cannot_ask_for_endless_work()
    {
        byte[] archive = await ArchiveBytes.WriteAsync(ArchiveBytes.Small, new PassphraseProtection(new byte[32], int.MaxValue), Key);

        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(archive, Key), "rounds of PBKDF2");
    }

    [Fact]
    public async Task Whatever_is_done_to_an_archive_gives_archive_invalid_at_the_cost_of_its_size()
    {
        (byte[] plain, _) = await SmallAsync(isProtected: false);
        (byte[] sealedArchive, byte[]? key) = await SmallAsync(isProtected: true);
        var random = new Random(20261121);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < FuzzCases; i++)
        {
            bool isProtected = i % 2 == 0;
            byte[] mutated = Mutated(random, isProtected ? sealedArchive : plain);
            if (i % 4 < 2) mutated = TryReseal(mutated);
            LatentDbException? error = await Record.ExceptionAsync(() => ArchiveBytes.ReadAsync(mutated, isProtected ? key : null)) switch
            {
                null => null,
                LatentDbException typed => typed,
                Exception other => throw new InvalidOperationException($"case {i} failed otherwise", other),
            };
            Assert.True(error is null || error.Code == ErrorCode.ArchiveInvalid, $"case {i}: {error?.Code}");
            // Without a key, who seals a changed text anew has made another archive; anything else that is accepted must be the original.
            if (error is null && i % 4 >= 2) Assert.True(mutated.AsSpan().SequenceEqual(isProtected ? sealedArchive : plain), $"case {i} was accepted");
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / FuzzCases, 0, 8 << 20);
    }

    private static async Task<(byte[] Archive, byte[]? Key)> SmallAsync(bool isProtected) => isProtected
        ? (await ArchiveBytes.WriteAsync(ArchiveBytes.Small, new PassphraseProtection(new byte[32], 1), Key), Key)
        : (await ArchiveBytes.WriteAsync(ArchiveBytes.Small), null);

    private static IEnumerable<List<byte[]>> Rearranged(List<byte[]> parts)
    {
        for (int i = 1; i < parts.Count; i++)
        {
            yield return [.. parts[..i], .. parts[(i + 1)..]];
            yield return [.. parts[..i], parts[i], .. parts[i..]];
            for (int j = i + 1; j < parts.Count; j++)
            {
                var swapped = new List<byte[]>(parts);
                (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                // Two equal records in one place are the same archive.
                if (!swapped[i].AsSpan().SequenceEqual(parts[i])) yield return swapped;
            }
        }
    }

    private static byte[] Mutated(Random random, byte[] archive)
    {
        var bytes = new List<byte>(archive);
        for (int times = random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
        {
            int at = random.Next(bytes.Count);
            int length = random.Next(1, 1 + Math.Min(40, bytes.Count - at));
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 4: bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)random.Next(256))); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Gives a mutated archive good checksums and seals again, where its lengths still allow it, so that what lies behind them is reached.</summary>
    private static byte[] TryReseal(byte[] mutated)
    {
        try
        {
            return ArchiveBytes.Reseal(ArchiveBytes.Split(mutated));
        }
        catch (ArgumentException)
        {
            return mutated;
        }
    }
}
