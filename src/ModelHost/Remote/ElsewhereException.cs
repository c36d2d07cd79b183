using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Remote;

/// <summary>This silo cannot do it now, and another one may: the way to it broke, or it refused. Never leaves the room.</summary>
/// <param name="reason">What the caller is told when nobody can.</param>
/// <param name="wasLost">The way to the silo broke; false = it answered, and refused.</param>
internal sealed class ElsewhereException(LatentDbException reason, bool wasLost) : Exception(reason.Message, reason)
{
    public LatentDbException Reason => reason;

    public bool WasLost => wasLost;

    /// <summary>True when another silo may do what one has refused like this.</summary>
    public static bool IsMeant(LatentDbException refusal) =>
        refusal.Code == ErrorCode.Overloaded || refusal.Code == ErrorCode.ShuttingDown || refusal.Code == ErrorCode.ModelLoading
        || refusal.Code == ErrorCode.ModelMismatch || refusal.Code == ErrorCode.SiloUnreachable;
}
