using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Links;

/// <summary>
/// A link broke after it had been opened: whether the other silo acted upon what was sent is not known. A link that could not be opened is a plain
/// silo_unreachable, and then nothing was done.
/// </summary>
public sealed class LinkBrokenException : LatentDbException
{
    /// <param name="message">Which link, one sentence.</param>
    /// <param name="inner">What the network said.</param>
    public LinkBrokenException(string message, Exception? inner = null)
        : base(ErrorCode.SiloUnreachable, message, inner)
    {
    }
}
