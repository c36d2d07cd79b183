using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.OpenAi.Models;

/// <summary>The model by the names that a request may call it.</summary>
internal sealed class ServedModels(IModelHost host, TimeProvider time)
{
    /// <summary>Whatever model is served: for programs that shall not change when the checkpoint does.</summary>
    public const string AnyModel = "latentdb";

    // The contract wants a time and a checkpoint has none of its own; this one is at least the same for the life of the process.
    private readonly long _since = time.GetUtcNow().ToUnixTimeSeconds();

    /// <exception cref="LatentDbException">model_loading.</exception>
    public ModelBody Describe()
    {
        ModelDescription model = host.Describe();
        return new ModelBody(model.Name, "model", _since, "latentdb", model.Fingerprint.Short);
    }

    /// <exception cref="LatentDbException">model_not_found, model_loading.</exception>
    public ModelBody Require(string name)
    {
        ModelBody served = Describe();
        if (name == AnyModel || name == served.Id) return served;
        throw new ParameterException(HttpErrorCode.ModelNotFound, "model", $"The server has no model of that name; it serves '{served.Id}', which '{AnyModel}' names too.");
    }
}
