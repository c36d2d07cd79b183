namespace LatentDb.MemoryStore.Links;

/// <summary>Ways from this silo to others. What travels on them is checked frame by frame; who may open one is settled before the first byte.</summary>
public interface ISiloLinks
{
    /// <summary>Opens a stream of bytes to another silo, in both directions, each with its own flow control. Dispose it to end it.</summary>
    /// <param name="address">The other silo's address, from the cluster view.</param>
    /// <param name="channel">Which service of it is meant.</param>
    /// <param name="cancellationToken">Of the opening only.</param>
    /// <exception cref="Errors.LatentDbException">silo_unreachable; the other one has acted upon nothing.</exception>
    ValueTask<Stream> OpenAsync(string address, LinkChannel channel, CancellationToken cancellationToken);
}

/// <summary>A service of a silo that others call. The number goes over the wire.</summary>
public enum LinkChannel
{
    /// <summary>Calls of grains.</summary>
    Grains = 1,

    /// <summary>Calls of the model.</summary>
    Model = 2,

    /// <summary>Reads of stored slices.</summary>
    Blocks = 3,

    /// <summary>Copies of a shard's log.</summary>
    Replication = 4,

    /// <summary>What another framework sends between its own parts; one stream for all of it.</summary>
    Messages = 5,
}

/// <summary>Answers what comes in on one channel. Thread-safe; a call per stream.</summary>
public interface ILinkService
{
    /// <summary>Which channel it answers.</summary>
    LinkChannel Channel { get; }

    /// <summary>Serves one stream to its end. What it throws ends the stream; the caller sees it cut.</summary>
    Task ServeAsync(Stream stream, CancellationToken cancellationToken);

    /// <summary>The silo stops: streams that only wait for another call are ended, now and from now on.</summary>
    void EndIdle()
    {
    }
}
