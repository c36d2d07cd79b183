using System.Diagnostics;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Hosting;

/// <summary>A pass of the model as the loop's work.</summary>
internal sealed class PassWork(IResumablePass pass) : ILayerWork
{
    public long NextCost => pass.NextRows;

    public LayerProgress Run()
    {
        PassProgress progress = pass.Run();
        return progress.State switch
        {
            PassState.More => LayerProgress.More,
            PassState.Waits => LayerProgress.Waits(progress.Until ?? throw new UnreachableException("A pass that waits says for what.")),
            PassState.Finished => LayerProgress.Finished,
            _ => throw new UnreachableException($"A pass is in state {progress.State}."),
        };
    }
}
