using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// What the splits of a sequence found, per lane of all heads: the highest score, the sum of weights e^(score - highest), and the values summed with
/// these weights. Splits are merged in order of their keys (log-sum-exp; Dao 2023), whoever computed them.
/// </summary>
internal readonly unsafe struct AttentionPartials(in AttentionCall call)
{
    /// <summary>Below every score, so that weights of a lane that has seen no key yet are zero and not undefined.</summary>
    public const float NothingSeen = float.MinValue;

    // Highest and total, in a line of their own so that vectors of the output stay aligned.
    private const int Extra = 16;

    private readonly float* _start = call.Partials;
    private readonly int _lanesPerHead = call.LanesPerHead;
    private readonly int _lanes = call.LanesPerHead * call.KeyValueHeads;
    private readonly int _record = Gemm.PaddedRows(call.HeadSize, VectorMath.MostLanes) + Extra;

    public static long Elements(in AttentionCall call) =>
        (long)call.Splits * call.LanesPerHead * call.KeyValueHeads * (Gemm.PaddedRows(call.HeadSize, VectorMath.MostLanes) + Extra);

    public int HeadSize { get; } = call.HeadSize;

    /// <summary>Numbers from a lane's output to the next lane's.</summary>
    public int Step => _record;

    /// <summary>[headSize], with room for a whole vector at the end.</summary>
    public float* Output(int split, int keyValueHead, int lane) =>
        _start + ((((nint)split * _lanes) + (keyValueHead * _lanesPerHead) + lane) * _record);

    public ref float Highest(int split, int keyValueHead, int lane) => ref *(Output(split, keyValueHead, lane) + _record - Extra);

    public ref float Total(int split, int keyValueHead, int lane) => ref *(Output(split, keyValueHead, lane) + _record - Extra + 1);
}
