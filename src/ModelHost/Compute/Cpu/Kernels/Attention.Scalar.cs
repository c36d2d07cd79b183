using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Attention
{
    /// <summary>One lane at a time, one key at a time, with a running maximum (Milakov and Gimelshein 2018); splits are merged like those of vectors.</summary>
    public static void RunScalar(in AttentionCall call, AttentionPart part)
    {
        for (int head = part.KeyValueHead; head < part.KeyValueHead + part.KeyValueHeads; head++)
        {
            for (int lane = part.FirstLane; lane < part.EndLane; lane++) RunLaneScalar(call, part.Split, head, lane);
        }
    }

    public static void MergeScalar(in AttentionCall call, AttentionPart part)
    {
        var partials = new AttentionPartials(call);
        for (int head = part.KeyValueHead; head < part.KeyValueHead + part.KeyValueHeads; head++)
        {
            for (int lane = part.FirstLane; lane < part.EndLane; lane++) MergeLaneScalar(call, partials, head, lane);
        }
    }

    private static void RunLaneScalar(in AttentionCall call, int split, int head, int lane)
    {
        int size = call.HeadSize;
        var partials = new AttentionPartials(call);
        float* q = call.QueryOf(head, lane);
        float* output = call.NeedsMerge ? partials.Output(split, head, lane) : call.OutputOf(head, lane);
        new Span<float>(output, size).Clear();
        float highest = AttentionPartials.NothingSeen;
        float total = 0;
        int end = Math.Min(call.VisibleKeys(lane), (split + 1) * call.SplitKeys);
        for (int key = split * call.SplitKeys; key < end; key++)
        {
            RowPlace place;
            call.Locate(key, 1, &place);
            float score = 0;
            for (int i = 0; i < size; i++) score += q[i] * KeyScalar(&place, head * size, i, size);
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
            for (int i = 0; i < size; i++) output[i] += weight * NumberScalar(place.Value, place.Type, (head * size) + i);
        }

        if (!call.NeedsMerge)
        {
            for (int i = 0; i < size; i++) output[i] /= total;
            return;
        }

        partials.Highest(split, head, lane) = highest;
        partials.Total(split, head, lane) = total;
    }

    /// <summary>Number <paramref name="index"/> of a key's head, after its rotation.</summary>
    private static float KeyScalar(RowPlace* place, int column, int index, int headSize)
    {
        float own = NumberScalar(place->Key, place->Type, column + index);
        if (place->Angles == null) return own;
        int half = headSize / 2;
        float other = NumberScalar(place->Key, place->Type, column + ((index + half) % headSize));
        float cosine = place->Angles[index % half];
        float sine = place->Angles[half + (index % half)];
        return index < half ? (own * cosine) - (other * sine) : (own * cosine) + (other * sine);
    }

    private static float NumberScalar(byte* row, ElementType type, int index) =>
        type == ElementType.BF16 ? Convert.WidenBFloat16(((ushort*)row)[index]) : ((float*)row)[index];

    private static void MergeLaneScalar(in AttentionCall call, in AttentionPartials partials, int head, int lane)
    {
        float highest = AttentionPartials.NothingSeen;
        for (int split = 0; split < call.Splits; split++) highest = MathF.Max(highest, partials.Highest(split, head, lane));
        float total = 0;
        float* output = call.OutputOf(head, lane);
        new Span<float>(output, call.HeadSize).Clear();
        for (int split = 0; split < call.Splits; split++)
        {
            float weight = MathF.Exp(partials.Highest(split, head, lane) - highest);
            total += weight * partials.Total(split, head, lane);
            for (int d = 0; d < call.HeadSize; d++) output[d] += weight * partials.Output(split, head, lane)[d];
        }

        for (int d = 0; d < call.HeadSize; d++) output[d] /= total;
    }
}
