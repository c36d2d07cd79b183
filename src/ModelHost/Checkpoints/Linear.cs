using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>A linear map without bias and its two views, resolved at load. The matrices belong to <see cref="ModelWeights"/>.</summary>
internal sealed class Linear
{
    private readonly LinearView _write;
    private readonly LinearView _read;

    /// <param name="weight">[outputs, inputs].</param>
    /// <param name="write">Adapter of writes.</param>
    /// <param name="read">Adapter of reads; the same object as <paramref name="write"/> when one serves both.</param>
    public Linear(WeightMatrix weight, LoraAdapter? write, LoraAdapter? read)
    {
        _write = new LinearView(weight, write);
        _read = new LinearView(weight, read);
    }

    public int Outputs => _write.Base.Outputs;

    public int Inputs => _write.Base.Inputs;

    public LinearView View(AdapterMode mode) => mode == AdapterMode.Write ? _write : _read;
}

/// <summary>What one pass multiplies by: y = Base x, plus the adapter's part if there is one.</summary>
internal readonly record struct LinearView(WeightMatrix Base, LoraAdapter? Adapter);
