using FsCheck.Fluent;
using LatentDb.ModelHost.Model;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>How a long text is cut (spec 3.5).</summary>
public sealed class TextChunkerTests
{
    [Theory]
    [InlineData(1, "0-1")]
    [InlineData(512, "0-512")]
    [InlineData(513, "0-513")]
    [InlineData(527, "0-527")]
    [InlineData(528, "0-16 16-528")]
    [InlineData(1024, "0-512 512-1024")]
    [InlineData(1030, "0-518 518-1030")]
    [InlineData(1100, "0-76 76-588 588-1100")]
    public void Pieces_are_counted_from_the_end_and_a_short_first_one_joins_its_neighbour(int tokens, string expected) =>
        Assert.Equal(expected, string.Join(' ', TextChunker.Cut(tokens, max: 512, min: 16).Select(r => $"{r.Start.Value}-{r.End.Value}")));

    [Fact]
    public void Pieces_cover_the_text_once_and_all_but_the_first_are_full() => Laws.ForAll(
        from max in Gen.Choose(16, 600)
        from tokens in Gen.Choose(1, 5000)
        select (max, tokens),
        sizes =>
        {
            Range[] pieces = [.. TextChunker.Cut(sizes.tokens, sizes.max, min: 16)];

            int[] lengths = [.. pieces.Select(p => p.End.Value - p.Start.Value)];
            Assert.Equal(0, pieces[0].Start.Value);
            Assert.Equal(sizes.tokens, pieces[^1].End.Value);
            Assert.All(pieces.Zip(pieces.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Start));
            Assert.All(lengths.Skip(1), length => Assert.Equal(sizes.max, length));
            Assert.InRange(lengths[0], Math.Min(16, sizes.tokens), sizes.max + 15);
        });
}
