using LatentDb.Grains.Memories;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Tests.Memories;

/// <summary>Which injects one version contains and another does not, over lines with rollbacks.</summary>
public sealed class ContentLineTests
{
    // 1 create, 2-4 injects, 5 = back to 2, 6 inject, 7 = back to 4, 8 inject.
    private static readonly Dictionary<VersionNumber, MemoryVersion> Known = new[]
    {
        Version(1, VersionCause.Create),
        Version(2, VersionCause.Inject),
        Version(3, VersionCause.Inject),
        Version(4, VersionCause.Inject),
        Version(5, VersionCause.Rollback, 2),
        Version(6, VersionCause.Inject),
        Version(7, VersionCause.Rollback, 4),
        Version(8, VersionCause.Inject),
    }.ToDictionary(v => v.Number);

    [Theory]
    [InlineData(1, 4, "2 3 4")]
    [InlineData(2, 2, "")]
    [InlineData(4, 2, "")]
    [InlineData(4, 5, "")]
    [InlineData(5, 4, "3 4")]
    [InlineData(4, 6, "6")]
    [InlineData(6, 4, "3 4")]
    [InlineData(6, 8, "3 4 8")]
    [InlineData(8, 6, "6")]
    [InlineData(5, 2, "")]
    [InlineData(2, 5, "")]
    [InlineData(1, 8, "2 3 4 8")]
    public void The_injects_of_one_line_that_the_other_lacks_are_named_oldest_first(long from, long to, string added) =>
        Assert.Equal(added, Added(Known, from, to));

    [Fact]
    public void Where_retention_has_taken_versions_the_line_ends()
    {
        Dictionary<VersionNumber, MemoryVersion> kept = Known.Where(k => k.Key.Value is 1 or 4 or 7 or 8).ToDictionary();

        Assert.Equal("4 8", Added(kept, 1, 8));
        Assert.Equal("8", Added(kept, 4, 8));
    }

    private static string Added(Dictionary<VersionNumber, MemoryVersion> known, long from, long to) =>
        string.Join(' ', ContentLine.Added(known, new VersionNumber(to), new VersionNumber(from)).Select(v => v.Number));

    private static MemoryVersion Version(long number, VersionCause cause, long? restored = null) => new(
        new VersionNumber(number),
        number > 1 ? new VersionNumber(number - 1) : null,
        cause,
        restored is { } from ? new VersionNumber(from) : null,
        new HybridTimestamp(number),
        ModelFingerprint.Parse(new string('a', 64)),
        0,
        0,
        0,
        0,
        0,
        null);
}
