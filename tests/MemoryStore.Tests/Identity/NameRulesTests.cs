using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Identity;

/// <summary>Names from outside.</summary>
public sealed class NameRulesTests
{
    [Theory]
    [InlineData("alice")]
    [InlineData("user:42")]
    [InlineData("alice@example.org")]
    [InlineData("3f2504e0-4f89-11d3-9a0c-0305e82c3301")]
    public void Ordinary_ids_are_allowed(string name)
    {
        Assert.Equal(name, MemoryId.Parse(name).Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../etc/passwd")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a%2e")]
    [InlineData(" a")]
    [InlineData("a ")]
    [InlineData("ä")]
    [InlineData("a\u202eb")]
    public void Names_that_could_mean_something_else_are_refused(string? name)
    {
        var error = Assert.Throws<LatentDbException>(() => MemoryId.Parse(name));

        Assert.Equal(ErrorCode.InvalidName, error.Code);
    }

    [Fact]
    public void A_name_of_129_characters_is_refused_and_one_of_128_is_not()
    {
        Assert.Equal(128, TenantId.Parse(new string('a', 128)).Value.Length);
        Assert.Throws<LatentDbException>(() => TenantId.Parse(new string('a', 129)));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("2026-01-01")]
    [InlineData("head")]
    [InlineData("HEAD")]
    public void A_snapshot_name_cannot_be_taken_for_a_version_or_a_time(string name)
    {
        Assert.Throws<LatentDbException>(() => SnapshotName.Parse(name));
    }
}
