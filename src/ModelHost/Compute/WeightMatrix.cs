namespace LatentDb.ModelHost.Compute;

/// <summary>A weight [outputs, inputs] in the layout that its back end multiplies fastest. Owned by the model.</summary>
internal abstract class WeightMatrix : IDisposable
{
    protected WeightMatrix(int outputs, int inputs)
    {
        Outputs = outputs;
        Inputs = inputs;
    }

    public int Outputs { get; }

    public int Inputs { get; }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
