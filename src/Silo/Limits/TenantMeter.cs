namespace LatentDb.Silo.Limits;

/// <summary>What one tenant has used lately.</summary>
internal sealed class TenantMeter(TimeProvider time)
{
    private int _generations;

    public MinuteAllowance Requests { get; } = new(time);

    public MinuteAllowance Injects { get; } = new(time);

    public MinuteAllowance Tokens { get; } = new(time);

    /// <summary>Requests that use the model now.</summary>
    public int Generations => Volatile.Read(ref _generations);

    /// <summary>Takes a place among the requests that use the model; 0 = there is always one.</summary>
    public bool TryBegin(int allowed)
    {
        if (Interlocked.Increment(ref _generations) <= allowed || allowed <= 0) return true;
        Interlocked.Decrement(ref _generations);
        return false;
    }

    public void End() => Interlocked.Decrement(ref _generations);
}
