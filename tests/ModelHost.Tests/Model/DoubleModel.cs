using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>
/// The model in double precision on plain arrays, written from the specification and not from the passes: what they are compared with, and where
/// a property is asked at 1e-10.
/// </summary>
internal sealed class DoubleModel(TinyModel model)
{
    public const string WriteAdapter = "default";
    public const string ReadAdapter = "decoder_adapter";

    private readonly TinyModelOptions _size = model.Options;

    public double[][] Embed(IEnumerable<int> ids) => [.. ids.Select(id => Row("model.embed_tokens.weight", id))];

    public double[] Bos(int layer) => Row("bos_embedding", layer);

    public double[][] Pool(int layer) => [.. Enumerable.Range(layer * _size.PoolRows, _size.PoolRows).Select(row => Row("memory", row))];

    /// <summary>K and V before RoPE of a hidden row.</summary>
    public KeyValue Project(int layer, double[] hidden, string adapter)
    {
        double[] normed = Norm(hidden, $"model.layers.{layer}.input_layernorm.weight");
        return new KeyValue(Linear(layer, "self_attn.k_proj", normed, adapter), Linear(layer, "self_attn.v_proj", normed, adapter));
    }

    /// <summary>The key that a row is found by.</summary>
    public double[] RetrievalKey(int layer, double[] hidden) => Projector(layer, "key_proj", hidden);

    public double[] RetrievalQuery(int layer, double[] hidden) => Projector(layer, "query_proj", hidden);

    /// <summary>New rows of each layer from a text and the newest rows of each layer (spec 3).</summary>
    public double[][][] Write(int[] ids, double[][][] newest)
    {
        int k = _size.RowsPerWrite;
        double[] extra = Row("new_memory_positional_emb", 0);
        double[][] text = Embed(ids);
        var result = new double[_size.Layers][][];
        for (int layer = 0; layer < _size.Layers; layer++)
        {
            double[][] x = [Bos(layer), .. newest[layer], .. text];
            for (int row = x.Length - k; row < x.Length; row++) x[row] = Sum(x[row], extra);
            int first = Math.Min(1 + k, x.Length - k);
            KeyValue[] rows = [.. x.Select(row => Project(layer, row, WriteAdapter))];
            double[][] y = Layer(layer, x[first..], rows, first, WriteAdapter);
            result[layer] = y[^k..];
            text = y[^ids.Length..];
        }

        return result;
    }

    /// <summary>Logits of every text row. The prefix of a layer is given as K and V before RoPE, by rank; positions start at <paramref name="offset"/>.</summary>
    public double[][] Read(int[] ids, Func<int, KeyValue[]> prefix, double offset = 0, Action<int, double[][]>? entersLayer = null)
    {
        double[][] text = Embed(ids);
        for (int layer = 0; layer < _size.Layers; layer++)
        {
            entersLayer?.Invoke(layer, text);
            KeyValue[] before = prefix(layer);
            KeyValue[] rows = [.. before, .. text.Select(row => Project(layer, row, ReadAdapter))];
            text = Layer(layer, text, rows, before.Length, ReadAdapter, offset);
        }

        return [.. text.Select(row => Multiply("lm_head.weight", Norm(row, "model.norm.weight")))];
    }

    /// <summary>bos and memory rows of every layer, projected from hidden rows.</summary>
    public Func<int, KeyValue[]> Prefix(Func<int, double[][]> memory) =>
        layer => [Project(layer, Bos(layer), ReadAdapter), .. memory(layer).Select(row => Project(layer, row, ReadAdapter))];

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private double[][] Layer(int layer, double[][] x, KeyValue[] rows, int first, string adapter, double offset = 0)
    {
        double[][] keys = [.. rows.Select((row, i) => Rotate(row.Key, offset + (row.Rank ?? i)))];
        var result = new double[x.Length][];
        for (int i = 0; i < x.Length; i++)
        {
            double[] normed = Norm(x[i], $"model.layers.{layer}.input_layernorm.weight");
            double[] query = Rotate(Linear(layer, "self_attn.q_proj", normed, adapter), offset + first + i);
            double[] attended = Attend(query, keys, rows, first + i + 1);
            double[] y = Sum(x[i], Linear(layer, "self_attn.o_proj", attended, adapter));
            result[i] = Sum(y, Mlp(layer, Norm(y, $"model.layers.{layer}.post_attention_layernorm.weight"), adapter));
        }

        return result;
    }

    private double[] Attend(double[] query, double[][] keys, KeyValue[] rows, int visible)
    {
        int head = _size.HeadSize;
        int group = _size.Heads / _size.KeyValueHeads;
        var result = new double[query.Length];
        for (int h = 0; h < _size.Heads; h++)
        {
            int at = h / group * head;
            double[] q = query[(h * head)..((h + 1) * head)];
            double[] scores = [.. Enumerable.Range(0, visible).Select(j => Dot(q, keys[j][at..(at + head)]) / Math.Sqrt(head))];
            double largest = scores.Max();
            double[] weights = [.. scores.Select(s => Math.Exp(s - largest))];
            double total = weights.Sum();
            for (int j = 0; j < visible; j++)
            {
                for (int i = 0; i < head; i++) result[(h * head) + i] += weights[j] / total * rows[j].Value[at + i];
            }
        }

        return result;
    }

    private double[] Mlp(int layer, double[] normed, string adapter)
    {
        double[] gate = Linear(layer, "mlp.gate_proj", normed, adapter);
        double[] up = Linear(layer, "mlp.up_proj", normed, adapter);
        for (int i = 0; i < gate.Length; i++) gate[i] = gate[i] * Sigmoid(gate[i]) * up[i];
        return Linear(layer, "mlp.down_proj", gate, adapter);
    }

    private double[] Projector(int layer, string name, double[] hidden)
    {
        double[] normed = Norm(hidden, $"model.layers.{layer}.input_layernorm.weight");
        string path = $"model.layers.{layer}.self_attn.{name}";
        if (_size.ProjectorLayers == 1) return Multiply($"{path}.weight", normed);
        double[] inner = Multiply($"{path}.0.weight", normed);
        return Multiply($"{path}.2.weight", [.. inner.Select(x => x * Sigmoid(x))]);
    }

    private double[] Linear(int layer, string module, double[] x, string adapter)
    {
        string path = $"model.layers.{layer}.{module}";
        if (!model.Tensors.ContainsKey($"{path}.base_layer.weight")) return Multiply($"{path}.weight", x);
        double[] low = Multiply($"{path}.lora_A.{adapter}.weight", x);
        double[] added = Multiply($"{path}.lora_B.{adapter}.weight", low);
        return [.. Multiply($"{path}.base_layer.weight", x).Zip(added, (y, a) => y + (2 * a))]; // alpha / r = 2
    }

    private double[] Multiply(string weight, double[] x)
    {
        float[] w = model.Tensors[weight].Values;
        var y = new double[w.Length / x.Length];
        for (int o = 0; o < y.Length; o++)
        {
            for (int i = 0; i < x.Length; i++) y[o] += w[(o * x.Length) + i] * x[i];
        }

        return y;
    }

    private double[] Norm(double[] x, string gain)
    {
        double factor = 1 / Math.Sqrt((Dot(x, x) / x.Length) + _size.RmsEpsilon);
        float[] gains = model.Tensors[gain].Values;
        return [.. x.Select((value, i) => value * factor * gains[i])];
    }

    private double[] Rotate(double[] row, double position)
    {
        int head = _size.HeadSize;
        int half = head / 2;
        var result = new double[row.Length];
        for (int i = 0; i < row.Length; i++)
        {
            int inHead = i % head;
            double angle = position * Math.Pow(_size.RopeTheta, -2.0 * (inHead % half) / head);
            double partner = inHead < half ? -row[i + half] : row[i - half];
            result[i] = (row[i] * Math.Cos(angle)) + (partner * Math.Sin(angle));
        }

        return result;
    }

    private double[] Row(string tensor, int row)
    {
        int d = _size.HiddenSize;
        return [.. model.Tensors[tensor].Values.Skip(row * d).Take(d).Select(v => (double)v)];
    }

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}

/// <summary>K before RoPE and V of one row; its rank where that is not its place in the list.</summary>
internal sealed record KeyValue(double[] Key, double[] Value, int? Rank = null);
