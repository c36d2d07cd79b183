namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>The formulas of <c>IComputeBackend</c> in double precision, on plain arrays.</summary>
internal static class DoubleReference
{
    /// <summary>x [m, inputs] times w [outputs, inputs] transposed.</summary>
    public static double[] Multiply(float[] x, float[] w, int m, int outputs, int inputs)
    {
        var y = new double[m * outputs];
        for (int r = 0; r < m; r++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = 0;
                for (int k = 0; k < inputs; k++) sum += (double)x[(r * inputs) + k] * w[(o * inputs) + k];
                y[(r * outputs) + o] = sum;
            }
        }

        return y;
    }

    public static double[] RmsNorm(float[] x, float[] gain, double epsilon)
    {
        int columns = gain.Length;
        var y = new double[x.Length];
        for (int r = 0; r < x.Length / columns; r++)
        {
            double squares = 0;
            for (int i = 0; i < columns; i++) squares += (double)x[(r * columns) + i] * x[(r * columns) + i];
            double factor = 1 / Math.Sqrt((squares / columns) + epsilon);
            for (int i = 0; i < columns; i++) y[(r * columns) + i] = x[(r * columns) + i] * factor * gain[i];
        }

        return y;
    }

    public static double[] Rope(float[] x, int columns, int headSize, int firstPosition, float[] inverseFrequencies)
    {
        var y = new double[x.Length];
        int half = headSize / 2;
        for (int i = 0; i < x.Length; i++)
        {
            int row = i / columns;
            int inHead = i % columns % headSize;
            float angle = (firstPosition + row) * inverseFrequencies[inHead % half];
            double partner = inHead < half ? -x[i + half] : x[i - half];
            y[i] = (x[i] * Math.Cos(angle)) + (partner * Math.Sin(angle));
        }

        return y;
    }

    /// <summary>q [n, heads x size], k and v [keys, kvHeads x size].</summary>
    public static double[] Attention(float[] q, float[] k, float[] v, AttentionShape shape)
    {
        var output = new double[q.Length];
        for (int row = 0; row < shape.Rows; row++)
        {
            for (int head = 0; head < shape.Heads; head++) AttendOne(q, k, v, shape, row, head, output);
        }

        return output;
    }

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    public static double[] RetrievalScores(float[] q, float[] keys, int width)
    {
        int rows = q.Length / width;
        var scores = new double[keys.Length / width];
        for (int key = 0; key < scores.Length; key++)
        {
            for (int row = 0; row < rows; row++)
            {
                double dot = 0;
                for (int i = 0; i < width; i++) dot += (double)q[(row * width) + i] * keys[(key * width) + i];
                scores[key] += 1 / (1 + Math.Exp(-dot)) / rows;
            }
        }

        return scores;
    }

    private static void AttendOne(float[] q, float[] k, float[] v, AttentionShape shape, int row, int head, double[] output)
    {
        int size = shape.HeadSize;
        int visible = shape.Keys - shape.Rows + row + 1;
        int from = (row * shape.Heads * size) + (head * size);
        int column = head / (shape.Heads / shape.KvHeads) * size;
        var scores = new double[visible];
        for (int t = 0; t < visible; t++)
        {
            for (int i = 0; i < size; i++) scores[t] += (double)q[from + i] * k[(t * shape.KvHeads * size) + column + i];
            scores[t] /= Math.Sqrt(size);
        }

        double highest = scores.Max();
        double total = scores.Sum(s => Math.Exp(s - highest));
        for (int t = 0; t < visible; t++)
        {
            double weight = Math.Exp(scores[t] - highest) / total;
            for (int i = 0; i < size; i++) output[from + i] += weight * v[(t * shape.KvHeads * size) + column + i];
        }
    }
}

internal sealed record AttentionShape(int Rows, int Keys, int Heads, int KvHeads, int HeadSize);
