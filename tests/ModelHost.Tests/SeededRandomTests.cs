namespace LatentDb.ModelHost.Tests;

/// <summary>A stored seed must mean the same numbers for ever.</summary>
public sealed class SeededRandomTests
{
    [Fact]
    public void The_sequence_of_a_seed_never_changes()
    {
        var random = new SeededRandom(42);

        ulong[] numbers = [random.NextUInt64(), random.NextUInt64(), random.NextUInt64()];

        // xoshiro256** from the SplitMix64 states of 42, computed with the authors' reference formulas.
        Assert.Equal(Reference(42, 3), numbers);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void A_bounded_number_is_within_its_bound(int bound)
    {
        var random = new SeededRandom(1);

        for (int i = 0; i < 1000; i++) Assert.InRange(random.NextInt32(bound), 0, bound - 1);
    }

    [Fact]
    public void Bounded_numbers_are_uniform()
    {
        const int bound = 10;
        const int draws = 100_000;
        int[] counts = new int[bound];
        var random = new SeededRandom(3);
        for (int i = 0; i < draws; i++) counts[random.NextInt32(bound)]++;

        double expected = (double)draws / bound;
        double chiSquare = counts.Sum(c => (c - expected) * (c - expected) / expected);

        Assert.InRange(chiSquare, 0, 27.9); // 9 degrees of freedom, p = 0.001
    }

    [Fact]
    public void Parts_of_one_seed_are_different_streams()
    {
        ulong[] first = [.. Enumerable.Range(0, 100).Select(i => SeededRandom.ForPart(5, (ulong)i).NextUInt64())];

        Assert.Equal(100, first.Distinct().Count());
    }

    private static ulong[] Reference(ulong seed, int count)
    {
        ulong[] s = new ulong[4];
        for (int i = 0; i < 4; i++)
        {
            seed += 0x9e3779b97f4a7c15;
            ulong z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            s[i] = z ^ (z >> 31);
        }

        ulong[] result = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            result[i] = ((s[1] * 5 << 7) | (s[1] * 5 >> 57)) * 9;
            ulong t = s[1] << 17;
            s[2] ^= s[0];
            s[3] ^= s[1];
            s[1] ^= s[2];
            s[0] ^= s[3];
            s[2] ^= t;
            s[3] = (s[3] << 45) | (s[3] >> 19);
        }

        return result;
    }
}
