using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Versions;

/// <summary>What an <c>at</c> may look like.</summary>
public sealed class VersionSelectorTests
{
    [Fact]
    public void Digits_name_a_version()
    {
        Assert.Equal(17, Assert.IsType<VersionSelector.NumberSelector>(VersionSelector.Parse("17")).Number.Value);
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.0000000Z")]
    [InlineData("2026-01-31T12:00:00.1234567Z", "2026-01-31T12:00:00.1234567Z")]
    [InlineData("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.0000000Z")]
    public void A_time_with_offset_names_an_instant(string text, string utc)
    {
        var selector = Assert.IsType<VersionSelector.TimeSelector>(VersionSelector.Parse(text));

        Assert.Equal(utc, new LatentDb.MemoryStore.Time.HybridTimestamp(selector.Time.UtcTicks).ToString());
    }

    [Theory]
    [InlineData("before-trip")]
    [InlineData("v1.2")]
    public void Any_other_name_is_a_snapshot(string text)
    {
        Assert.Equal(text, Assert.IsType<VersionSelector.SnapshotSelector>(VersionSelector.Parse(text)).Name.Value);
    }

    [Fact]
    public void Head_is_a_word_of_its_own()
    {
        Assert.Same(VersionSelector.Head, VersionSelector.Parse("head"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("2026-01-31")]
    [InlineData("2026-01-31T12:00:00")]
    [InlineData("2026-13-31T12:00:00Z")]
    [InlineData("1.5")]
    [InlineData("a b")]
    [InlineData("../x")]
    public void Everything_else_is_refused(string text)
    {
        var error = Assert.Throws<LatentDbException>(() => VersionSelector.Parse(text));

        Assert.Contains(error.Code, new[] { ErrorCode.InvalidRequest, ErrorCode.InvalidName });
    }
}
