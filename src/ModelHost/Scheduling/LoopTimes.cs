namespace LatentDb.ModelHost.Scheduling;

/// <summary>Where the time of one request in the loop went. Moments are timestamps of the loop's clock; 0 = not yet.</summary>
internal sealed class LoopTimes
{
    /// <summary>It was handed to the loop.</summary>
    public long HandedIn { get; set; }

    /// <summary>Its first piece began.</summary>
    public long Started { get; set; }

    /// <summary>Its work was finished.</summary>
    public long Finished { get; set; }

    /// <summary>The loop let go of it.</summary>
    public long Ended { get; set; }

    /// <summary>It began to wait for rows, if it does.</summary>
    public long WaitsSince { get; set; }

    /// <summary>Time of its pieces.</summary>
    public TimeSpan InPieces { get; set; }

    /// <summary>Time of the decode steps that it took part in.</summary>
    public TimeSpan InSteps { get; set; }

    /// <summary>Time that its next piece had to wait for rows.</summary>
    public TimeSpan InWaits { get; set; }

    /// <summary>Time in which others computed. Once it has ended.</summary>
    public TimeSpan Queued(TimeProvider time)
    {
        TimeSpan queued = time.GetElapsedTime(HandedIn, Ended) - InPieces - InSteps - InWaits;
        return queued > TimeSpan.Zero ? queued : TimeSpan.Zero;
    }

    /// <summary>Time between the steps of its answer. Once it has ended.</summary>
    public TimeSpan BetweenSteps(TimeProvider time)
    {
        TimeSpan between = Finished == 0 ? TimeSpan.Zero : time.GetElapsedTime(Finished, Ended) - InSteps;
        return between > TimeSpan.Zero ? between : TimeSpan.Zero;
    }
}
