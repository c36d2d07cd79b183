namespace LatentDb.ModelHost.Model.Passes;

/// <summary>Where a resumable pass stands after a piece of work.</summary>
internal enum PassState
{
    /// <summary>The next piece can run at once.</summary>
    More,

    /// <summary>Memory rows are on their way; the next piece runs when they are there.</summary>
    Waits,

    Finished,
}
