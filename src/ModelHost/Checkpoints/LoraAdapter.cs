using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>A low-rank addition: Scale x B(A(x)) (Hu et al. 2021).</summary>
/// <param name="A">[rank, inputs].</param>
/// <param name="B">[outputs, rank].</param>
/// <param name="Scale">alpha / rank.</param>
internal sealed record LoraAdapter(WeightMatrix A, WeightMatrix B, float Scale)
{
    public int Rank => A.Outputs;
}

/// <summary>Which adapter a pass uses; given with every call, never switched on the weights.</summary>
internal enum AdapterMode
{
    /// <summary>Inject: "default".</summary>
    Write,

    /// <summary>Prefill and decode: "decoder_adapter" if there is one, else "default" (golden README 13).</summary>
    Read,
}
