using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>Every range once, from any number of callers; failures reach their caller; a stopped pool refuses.</summary>
public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_range_runs_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int ranges = 0; ranges < 200; ranges++)
        {
            var job = new CountingJob(ranges);

            pool.Run(job, ranges);

            Assert.All(job.Runs, runs => Assert.Equal(1, runs));
        }
    }

    [Fact]
    public async Task Callers_on_several_threads_get_their_own_work_done()
    {
        using var pool = new WorkerPool(3);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(caller => Task.Run(() =>
        {
            var job = new CountingJob(64);
            for (int call = 1; call <= 500; call++)
            {
                pool.Run(job, 64);
                Assert.All(job.Runs, runs => Assert.Equal(call, runs));
            }
        })));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void What_a_range_throws_reaches_the_caller_and_the_pool_goes_on(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int call = 0; call < 100; call++)
        {
            var failure = Assert.Throws<InvalidOperationException>(() => pool.Run(new FailingJob(), 50));
            Assert.Equal("range 7", failure.Message);
        }

        var job = new CountingJob(50);
        pool.Run(job, 50);
        Assert.All(job.Runs, runs => Assert.Equal(1, runs));
    }

    [Fact]
    public void Callers_and_workers_together_stay_within_the_threads()
    {
        using var pool = new WorkerPool(3);
        var job = new GaugeJob();

        for (int call = 0; call < 100; call++) pool.Run(job, 64);

        Assert.InRange(job.Most, 1, 3);
    }

    [Fact]
    public void A_disposed_pool_refuses()
    {
        var pool = new WorkerPool(2);
        pool.Dispose();

        Assert.Throws<ObjectDisposedException>(() => pool.Run(new CountingJob(3), 3));
    }

    private sealed class CountingJob(int ranges) : PoolJob
    {
        public int[] Runs { get; } = new int[ranges];

        public override void Run(int range) => Interlocked.Increment(ref Runs[range]);
    }

    private sealed class FailingJob : PoolJob
    {
        public override void Run(int range)
        {
            if (range == 7) throw new InvalidOperationException("range 7");
        }
    }

    private sealed class GaugeJob : PoolJob
    {
        private int _now;
        private int _most;

        public int Most => Volatile.Read(ref _most);

        public override void Run(int range)
        {
            int now = Interlocked.Increment(ref _now);
            int seen = Volatile.Read(ref _most);
            while (now > seen && Interlocked.CompareExchange(ref _most, now, seen) != seen) seen = Volatile.Read(ref _most);
            Thread.SpinWait(500);
            Interlocked.Decrement(ref _now);
        }
    }
}
