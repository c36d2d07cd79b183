namespace LatentDb.ModelHost.Scheduling;

/// <summary>How much work the model host takes on, and how it divides the machine.</summary>
/// <param name="MaxActive">Requests that have a place: those that compute, page in or write.</param>
/// <param name="MaxWaiting">Requests that wait for a place; one more is refused.</param>
/// <param name="Layers">L: what one token costs, in row-layers.</param>
internal sealed record SchedulerOptions(int MaxActive, int MaxWaiting, int Layers)
{
    /// <summary>
    /// Time for pieces of prefills and injects between two steps of the running answers, as a multiple of the step's own time: an answer slows down
    /// to a third at most (and one piece), and pieces get two thirds of the machine.
    /// </summary>
    public double PieceTimePerStep { get; init; } = 2;

    /// <summary>
    /// Row-layers that a flow may be ahead of another before the other's piece goes first: a short prompt finishes in one go, which halves the mean
    /// wait, while a long one gives way. 64 tokens.
    /// </summary>
    public long Quantum => 64L * Layers;

    /// <summary>What a generated token costs its flow: twice a token of a prompt, as in the VTC paper, because it reads all weights for few rows.</summary>
    public long DecodeCost => 2L * Layers;

    /// <summary>Places that injects may hold at once, so that a query finds one however many long texts are being written.</summary>
    public int MaxWriting => Math.Max(1, MaxActive / 2);
}
