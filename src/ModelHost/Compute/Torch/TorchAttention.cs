using static TorchSharp.torch;

namespace LatentDb.ModelHost.Compute.Torch;

/// <summary>Grouped-query attention and rotation in the library's operations. All results belong to the caller's dispose scope.</summary>
internal static class TorchAttention
{
    /// <summary>q [n, heads x size]; k, v [T, kvHeads x size]; the last n keys are causal. Returns [n, heads x size].</summary>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, int headSize)
    {
        long n = q.shape[0];
        long keys = k.shape[0];
        long kvHeads = k.shape[1] / headSize;
        long group = q.shape[1] / k.shape[1];
        Tensor queries = q.reshape(n, kvHeads, group, headSize).permute(1, 2, 0, 3).reshape(kvHeads, group * n, headSize) * (1 / Math.Sqrt(headSize));
        Tensor scores = queries.bmm(k.reshape(keys, kvHeads, headSize).permute(1, 2, 0)); // [kvHeads, group x n, T]
        if (n > 1) scores = (scores.view(kvHeads, group, n, keys) + Mask(n, keys, q.device)).view(kvHeads, group * n, keys);
        Tensor mixed = scores.softmax(-1).bmm(v.reshape(keys, kvHeads, headSize).permute(1, 0, 2));
        return mixed.view(kvHeads, group, n, headSize).permute(2, 0, 1, 3).reshape(n, kvHeads * group * headSize);
    }

    /// <summary>Rotates each head of each row of x [rows, heads x size] by its position; a row at 0 stays as it is. Returns a new tensor.</summary>
    public static Tensor Rotate(Tensor x, int headSize, float[] positions, float[] inverseFrequencies)
    {
        int half = headSize / 2;
        Tensor angles = tensor(positions, device: x.device).unsqueeze(1) * tensor(inverseFrequencies, device: x.device).unsqueeze(0);
        Tensor cosines = angles.cos().unsqueeze(1); // [rows, 1, half]
        Tensor sines = angles.sin().unsqueeze(1);
        Tensor heads = x.reshape(x.shape[0], x.shape[1] / headSize, headSize);
        Tensor first = heads.narrow(2, 0, half);
        Tensor second = heads.narrow(2, half, half);
        return cat([(first * cosines) - (second * sines), (second * cosines) + (first * sines)], 2).reshape(x.shape);
    }

    /// <summary>Minus infinity where query i would see a key after T - n + i.</summary>
    private static Tensor Mask(long n, long keys, Device device) => full(n, keys, float.NegativeInfinity, device: device).triu(keys - n + 1);
}
