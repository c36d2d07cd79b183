using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Gemm
{
    /// <summary>
    /// The definition, bit for bit: per output, each block of <see cref="DepthBlock"/> inputs is one chain of fused multiply-adds from zero in
    /// input order, times the output's scale for I8, and the blocks are added to y in order.
    /// </summary>
    public static void MultiplyScalar(in GemmCall call, int firstPanel, int endPanel)
    {
        int end = Math.Min(endPanel * PanelWidth, call.Outputs);
        for (int row = 0; row < call.X.Rows; row++)
        {
            for (int output = firstPanel * PanelWidth; output < end; output++) MultiplyOneScalar(call, row, output);
        }
    }

    private static void MultiplyOneScalar(in GemmCall call, int row, int output)
    {
        float* x = call.X.Row(row);
        float* y = call.Y.Row(row) + output;
        float* scales = call.ScalesOf(output / PanelWidth);
        for (int block = 0; block < call.Inputs; block += DepthBlock)
        {
            float sum = 0;
            int end = Math.Min(block + DepthBlock, call.Inputs);
            for (int k = block; k < end; k++) sum = MathF.FusedMultiplyAdd(x[k], WeightScalar(call, k, output), sum);
            if (scales != null) sum *= scales[output % PanelWidth];
            *y = block == 0 && !call.Accumulate ? sum : MathF.FusedMultiplyAdd(call.Scale, sum, *y);
        }
    }

    private static float WeightScalar(in GemmCall call, int k, int output)
    {
        byte* weights = call.WeightsAt(output / PanelWidth, k);
        int place = PlaceOf(output % PanelWidth, call.Storage);
        return call.Storage switch
        {
            ElementType.BF16 => Convert.WidenBFloat16(((ushort*)weights)[place]),
            ElementType.I8 => ((sbyte*)weights)[place],
            _ => ((float*)weights)[place],
        };
    }
}
