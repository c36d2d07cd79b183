namespace LatentDb.ModelHost.Contracts;

/// <summary>Ends the work of a model silo for others in good order. Thread-safe.</summary>
public interface IModelDrain
{
    /// <summary>From now on new work of other silos is refused with shutting_down, so that it goes elsewhere; ends when the running work has.</summary>
    Task DrainAsync(CancellationToken cancellationToken);
}
