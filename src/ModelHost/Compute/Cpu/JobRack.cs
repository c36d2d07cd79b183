namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>Jobs kept for the next call. More callers at once than slots allocate; after that nothing does.</summary>
internal sealed class JobRack<TJob>
    where TJob : PoolJob, new()
{
    private const int Slots = 16;

    private readonly TJob?[] _free = new TJob?[Slots];

    public TJob Rent()
    {
        for (int i = 0; i < Slots; i++)
        {
            if (Volatile.Read(ref _free[i]) is not null && Interlocked.Exchange(ref _free[i], null) is { } job) return job;
        }

        return new TJob();
    }

    public void Return(TJob job)
    {
        for (int i = 0; i < Slots; i++)
        {
            if (Volatile.Read(ref _free[i]) is null && Interlocked.CompareExchange(ref _free[i], job, null) is null) return;
        }
    }
}
