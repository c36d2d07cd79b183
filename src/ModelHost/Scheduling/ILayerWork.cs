namespace LatentDb.ModelHost.Scheduling;

/// <summary>A prefill, or a piece of an inject, that computes in pieces on the loop's thread. Never called by two threads at once.</summary>
internal interface ILayerWork
{
    /// <summary>Row-layers of the next piece: what its flow is charged.</summary>
    long NextCost { get; }

    /// <summary>Computes one piece; what it throws ends this work and no other.</summary>
    LayerProgress Run();
}

/// <summary>How far a work is after a piece.</summary>
/// <param name="IsFinished">True: there is no more to compute.</param>
/// <param name="Wait">What must end before the next piece (rows on their way from the store); null = nothing.</param>
internal readonly record struct LayerProgress(bool IsFinished, Task? Wait)
{
    public static LayerProgress More => default;

    public static LayerProgress Finished => new(true, null);

    public static LayerProgress Waits(Task wait) => new(false, wait);
}
