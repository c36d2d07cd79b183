namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Attention
{
    /// <summary>One lane at a time, one key at a time, with a running maximum (Milakov and Gimelshein 2018).</summary>
    public static void RunScalar(in AttentionCall call, AttentionPart part)
    {
        for (int head = part.KeyValueHead; head < part.KeyValueHead + part.KeyValueHeads; head++)
        {
            for (int lane = part.FirstLane; lane < part.EndLane; lane++) RunLaneScalar(call, head, lane);
        }
    }

    private static void RunLaneScalar(in AttentionCall call, int keyValueHead, int lane)
    {
        int size = call.HeadSize;
        float* q = call.QueryOf(keyValueHead, lane);
        float* output = call.OutputOf(keyValueHead, lane);
        new Span<float>(output, size).Clear();
        float highest = float.NegativeInfinity;
        float total = 0;
        for (int key = 0; key < call.VisibleKeys(lane); key++)
        {
            float* k = call.K.Row(key) + (keyValueHead * size);
            float* v = call.V.Row(key) + (keyValueHead * size);
            float score = 0;
            for (int i = 0; i < size; i++) score += q[i] * k[i];
            score *= call.Scale;
            if (score > highest)
            {
                float shrink = MathF.Exp(highest - score);
                total *= shrink;
                for (int i = 0; i < size; i++) output[i] *= shrink;
                highest = score;
            }

            float weight = MathF.Exp(score - highest);
            total += weight;
            for (int i = 0; i < size; i++) output[i] += weight * v[i];
        }

        for (int i = 0; i < size; i++) output[i] /= total;
    }
}
