using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Hosting;

/// <summary>Limits of the embedded grain host.</summary>
public sealed class GrainHostOptions
{
    /// <summary>Memories that are active at once; beyond it the longest idle one is put away, and if none is idle the call is refused.</summary>
    public int MaxActive { get; set; } = 10_000;

    /// <summary>A memory without calls for this long is put away.</summary>
    public TimeSpan IdleAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Writes of one memory that may wait for their turn; one more is refused.</summary>
    public int MaxWaitingWrites { get; set; } = 64;

    /// <summary>Memories whose accepted writes are made at once; the others wait in a ring.</summary>
    public int MaxRunningOperations { get; set; } = 4;

    /// <summary>How long running calls may go on after the stop has begun; then they are cancelled.</summary>
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// Keep the injected text with its version, encrypted and erased like everything of the memory: a diff then shows what was said, and a memory can be
    /// rebuilt under another model.
    /// </summary>
    public bool KeepText { get; set; } = true;

    /// <summary>Spans name memories as their users do; else by a code that nobody can turn back.</summary>
    public bool TraceIds { get; set; }

    /// <exception cref="LatentDbException">configuration_invalid, with the value.</exception>
    public void Check()
    {
        Require(MaxActive is >= 1 and <= 10_000_000, nameof(MaxActive), MaxActive);
        Require(IdleAfter > TimeSpan.Zero, nameof(IdleAfter), IdleAfter);
        Require(MaxWaitingWrites is >= 0 and <= 100_000, nameof(MaxWaitingWrites), MaxWaitingWrites);
        Require(MaxRunningOperations is >= 1 and <= 1024, nameof(MaxRunningOperations), MaxRunningOperations);
        Require(DrainLimit >= TimeSpan.Zero, nameof(DrainLimit), DrainLimit);
    }

    private static void Require(bool holds, string name, object value)
    {
        if (!holds) throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The option {name} has the value '{value}', which is out of range.");
    }
}
