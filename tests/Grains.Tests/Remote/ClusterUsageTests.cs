using LatentDb.Grains.Remote;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.Grains.Tests.Remote;

public sealed class ClusterUsageTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ClusterUsage _usage;
    private bool _isAway;
    private int _asked;

    public ClusterUsageTests() => _usage = new ClusterUsage(
        (_, _) => _isAway ? Task.FromException<TenantUsage>(new LatentDbException(ErrorCode.SiloUnreachable, "An owner is away.")) : Task.FromResult(new TenantUsage(++_asked, 100L * _asked)),
        _time);

    [Fact]
    public async Task What_was_gathered_serves_for_some_seconds_and_then_is_gathered_again()
    {
        Assert.Equal(1, await MemoriesAsync());
        _time.Advance(ClusterUsage.MaxAge - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await MemoriesAsync());
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(2, await MemoriesAsync());
    }

    [Fact]
    public async Task Each_tenant_has_a_figure_of_its_own()
    {
        await MemoriesAsync();

        Assert.Equal(2, (await _usage.UsageOfAsync(TenantId.Parse("another"), default)).Memories);
        Assert.Equal(1, await MemoriesAsync());
    }

    [Fact]
    public async Task A_count_is_gathered_at_once_serves_the_others_afterwards_and_is_refused_while_an_owner_is_away()
    {
        await MemoriesAsync();

        Assert.Equal(2, (await _usage.CountAsync(TenantId.Default, default)).Memories);
        Assert.Equal(2, await MemoriesAsync());
        _isAway = true;
        Assert.Equal(ErrorCode.SiloUnreachable, (await Assert.ThrowsAsync<LatentDbException>(async () => await _usage.CountAsync(TenantId.Default, default))).Code);
    }

    [Fact]
    public async Task While_an_owner_is_away_the_last_figure_serves_and_without_one_the_caller_is_told()
    {
        await MemoriesAsync();
        _time.Advance(2 * ClusterUsage.MaxAge);
        _isAway = true;

        Assert.Equal(1, await MemoriesAsync());
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(async () => await _usage.UsageOfAsync(TenantId.Parse("another"), default));
        Assert.Equal(ErrorCode.SiloUnreachable, error.Code);
    }

    private async Task<long> MemoriesAsync() => (await _usage.UsageOfAsync(TenantId.Default, default)).Memories;
}
