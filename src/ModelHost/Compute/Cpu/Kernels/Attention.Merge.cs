using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Attention
{
    /// <summary>Output of a part's lanes from what all splits found. A split adds with the weight e^(its highest - the highest of all).</summary>
    public static void Merge<TSimd, TVector>(in AttentionCall call, AttentionPart part)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var partials = new AttentionPartials(call);
        for (int head = part.KeyValueHead; head < part.KeyValueHead + part.KeyValueHeads; head++)
        {
            for (int lane = part.FirstLane; lane < part.EndLane; lane++) MergeLane<TSimd, TVector>(call, partials, head, lane);
        }
    }

    /// <summary>Sums in the first split's place.</summary>
    private static void MergeLane<TSimd, TVector>(in AttentionCall call, in AttentionPartials partials, int head, int lane)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float highest = partials.Highest(0, head, lane);
        for (int split = 1; split < call.Splits; split++) highest = MathF.Max(highest, partials.Highest(split, head, lane));
        float* sum = partials.Output(0, head, lane);
        float weight = MathF.Exp(partials.Highest(0, head, lane) - highest);
        float total = weight * partials.Total(0, head, lane);
        TVector factor = TSimd.Broadcast(weight);
        for (int d = 0; d < call.HeadSize; d += TSimd.Width) TSimd.Store(TSimd.Multiply(factor, TSimd.Load(sum + d)), sum + d);
        for (int split = 1; split < call.Splits; split++)
        {
            weight = MathF.Exp(partials.Highest(split, head, lane) - highest);
            total += weight * partials.Total(split, head, lane);
            factor = TSimd.Broadcast(weight);
            float* found = partials.Output(split, head, lane);
            for (int d = 0; d < call.HeadSize; d += TSimd.Width)
                TSimd.Store(TSimd.MultiplyAdd(factor, TSimd.Load(found + d), TSimd.Load(sum + d)), sum + d);
        }

        float* to = call.OutputOf(head, lane);
        float share = 1 / total;
        for (int d = 0; d < call.HeadSize; d++) to[d] = sum[d] * share;
    }
}
