namespace LatentDb.ModelHost.Model.Passes;

/// <summary>
/// A prefill or the write of a chunk in pieces, so that one loop can run it between other requests' tokens. Used by one thread at a time; it may
/// be disposed between any two pieces, which cancels it.
/// </summary>
internal interface IResumablePass : IDisposable
{
    /// <summary>Rows that the next piece takes through one layer: its cost in row-layers. 0 when finished.</summary>
    int NextRows { get; }

    /// <summary>Computes one piece. After <see cref="PassState.Waits"/> the caller awaits the task and calls again; nothing was computed.</summary>
    PassProgress Run();
}
