using LatentDb.Grains.Contracts;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Memories;

/// <summary>A memory that is taken up is read ahead once, and no longer than it is in use.</summary>
public sealed class ReadAheadTests
{
    [Fact]
    public async Task A_memory_that_is_looked_at_is_read_ahead_once_while_it_is_active()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.IdleAfter = TimeSpan.FromMinutes(10));
        IMemoryGrain memory = await host.CreateAsync("bob");
        InjectResult written = await memory.InjectAsync("one");
        host.Model.Prefetched.Clear();
        host.Time.Advance(TimeSpan.FromMinutes(20));

        await memory.HeadAsync();
        await memory.HeadAsync();
        await memory.InjectAsync("two");

        (PrefetchRequest request, CancellationToken ended) = Assert.Single(host.Model.Prefetched);
        Assert.Equal(written.Version.Number, request.Version.Version.Number);
        Assert.NotNull(request.Memory);
        Assert.False(ended.IsCancellationRequested);
        host.Time.Advance(TimeSpan.FromMinutes(20));
        Assert.True(ended.IsCancellationRequested);
    }

    [Fact]
    public async Task A_query_reads_for_itself_and_a_model_that_is_not_ready_is_told_nothing()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.IdleAfter = TimeSpan.FromMinutes(10));
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");
        host.Model.Prefetched.Clear();

        host.Time.Advance(TimeSpan.FromMinutes(20));
        await memory.AskAsync();
        host.Time.Advance(TimeSpan.FromMinutes(20));
        host.Model.IsReady = false;
        await memory.HeadAsync();

        Assert.Empty(host.Model.Prefetched);
    }
}
