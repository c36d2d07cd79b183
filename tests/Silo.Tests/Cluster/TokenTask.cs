namespace LatentDb.Silo.Tests.Cluster;

/// <summary>Waiting for a token.</summary>
internal static class TokenTask
{
    /// <summary>Ends when the token is cancelled.</summary>
    public static Task AsTask(this CancellationToken token)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(done.SetResult);
        return done.Task;
    }
}
