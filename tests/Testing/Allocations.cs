namespace LatentDb.Testing;

/// <summary>Managed memory that code allocates on the calling thread.</summary>
public static class Allocations
{
    /// <summary>Rounds that are counted, after one that is not.</summary>
    public const int Rounds = 20;

    /// <summary>
    /// The least of several rounds: what the code itself allocates, it allocates in each. A garbage collection that another thread causes during
    /// a round books the rest of this thread's allocation buffer as allocated.
    /// </summary>
    public static long LeastOf(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        work();
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
