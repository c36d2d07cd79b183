using LatentDb.MemoryStore.Hosting;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Silo.Health;

/// <summary>Whether the loops that everything waits for still turn. What hangs longer than this does so for ever, and a restart loses nothing that was acknowledged.</summary>
internal static class Liveness
{
    /// <summary>Each wait in a commit ends after ten seconds at the latest, and a commit has a handful of them.</summary>
    public static readonly TimeSpan CommitLimit = TimeSpan.FromMinutes(1);

    /// <summary>A turn reads the weights once; an 8B model on a few slow cores takes seconds for it.</summary>
    public static readonly TimeSpan ComputeLimit = TimeSpan.FromMinutes(2);

    /// <summary>Which loop hangs; null while none does.</summary>
    public static string? WhyNot(MemoryStoreService store, IModelHost model)
    {
        if (store.CommitsFor > CommitLimit) return Text("A commit of the store", store.CommitsFor);
        return model.ComputesFor > ComputeLimit ? Text("A turn of the compute loop", model.ComputesFor) : null;
    }

    private static string Text(string what, TimeSpan time) => $"{what} has been running for {(int)time.TotalSeconds} s.";
}
