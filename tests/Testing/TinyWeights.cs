namespace LatentDb.Testing;

/// <summary>
/// Draws the tensors of a tiny checkpoint under their published names. Every number differs from zero and from the others, so that a wrong
/// adapter, row or order shows.
/// </summary>
internal sealed class TinyWeights(TinyModelOptions options)
{
    private static readonly string[] Attention = ["q_proj", "k_proj", "v_proj", "o_proj"];

    private readonly Random _random = new(options.Seed);

    public static string[] AdaptedModules { get; } = ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "down_proj"];

    public void Fill(SortedDictionary<string, TinyTensor> tensors)
    {
        int d = options.HiddenSize;
        tensors["model.embed_tokens.weight"] = Draw(1, options.Vocabulary, d);
        tensors["lm_head.weight"] = Draw(0.3, options.Vocabulary, d);
        tensors["model.norm.weight"] = DrawGain(d);
        tensors["memory"] = Draw(1, options.Layers, options.PoolRows, d);
        tensors["bos_embedding"] = Draw(1, options.Layers, 1, d);
        tensors["new_memory_positional_emb"] = Draw(0.3, 1, 1, d);
        if (!options.IsMPlus) tensors["initialized"] = new TinyTensor([], [options.Initialized ? 1 : 0]);
        for (int layer = 0; layer < options.Layers; layer++) FillLayer(tensors, layer);
    }

    private void FillLayer(SortedDictionary<string, TinyTensor> tensors, int layer)
    {
        string prefix = $"model.layers.{layer}";
        tensors[$"{prefix}.input_layernorm.weight"] = DrawGain(options.HiddenSize);
        tensors[$"{prefix}.post_attention_layernorm.weight"] = DrawGain(options.HiddenSize);
        foreach (string module in Attention) FillLinear(tensors, $"{prefix}.self_attn.{module}", module);
        foreach (string module in (string[])["gate_proj", "up_proj", "down_proj"]) FillLinear(tensors, $"{prefix}.mlp.{module}", module);
        if (!options.IsMPlus) return;
        FillProjector(tensors, $"{prefix}.self_attn.query_proj");
        FillProjector(tensors, $"{prefix}.self_attn.key_proj");
        FillBank(tensors, layer);
    }

    private void FillLinear(SortedDictionary<string, TinyTensor> tensors, string path, string module)
    {
        (int outputs, int inputs) = Shape(module);
        double scale = 1 / Math.Sqrt(inputs);
        bool isAdapted = options.LoraRank > 0 && AdaptedModules.Contains(module, StringComparer.Ordinal);
        tensors[isAdapted ? $"{path}.base_layer.weight" : $"{path}.weight"] = Draw(scale, outputs, inputs);
        if (!isAdapted) return;
        foreach (string adapter in options.HasReadAdapter ? ["default", "decoder_adapter"] : (string[])["default"])
        {
            tensors[$"{path}.lora_A.{adapter}.weight"] = Draw(scale, options.LoraRank, inputs);
            tensors[$"{path}.lora_B.{adapter}.weight"] = Draw(0.2, outputs, options.LoraRank);
        }
    }

    private void FillProjector(SortedDictionary<string, TinyTensor> tensors, string path)
    {
        int d = options.HiddenSize;
        double scale = 1 / Math.Sqrt(d);
        if (options.ProjectorLayers == 1)
        {
            tensors[$"{path}.weight"] = Draw(scale, options.KeyWidth, d);
            return;
        }

        tensors[$"{path}.0.weight"] = Draw(scale, 2 * options.KeyWidth, d);
        tensors[$"{path}.2.weight"] = Draw(1 / Math.Sqrt(options.KeyWidth), options.KeyWidth, 2 * options.KeyWidth);
    }

    private void FillBank(SortedDictionary<string, TinyTensor> tensors, int layer)
    {
        int rows = options.BankRows;
        tensors[$"ltm.{layer}"] = Draw(1, rows, options.HiddenSize);
        tensors[$"ltm_keys.{layer}"] = Draw(1, rows, options.KeyWidth);
        tensors[$"ltm_ages.{layer}"] = new TinyTensor([rows], [.. Enumerable.Range(0, rows).Select(row => (float)(3 * (rows - row)))]);
        tensors[$"ltm_recall_frequencies.{layer}"] = new TinyTensor([rows], [.. Enumerable.Range(0, rows).Select(row => 1f + (row / 8))]);
    }

    private (int Outputs, int Inputs) Shape(string module) => module switch
    {
        "q_proj" or "o_proj" => (options.HiddenSize, options.HiddenSize),
        "k_proj" or "v_proj" => (options.KeyValueHeads * options.HeadSize, options.HiddenSize),
        "down_proj" => (options.HiddenSize, options.IntermediateSize),
        _ => (options.IntermediateSize, options.HiddenSize),
    };

    private TinyTensor DrawGain(int size)
    {
        TinyTensor tensor = Draw(0.2, size);
        for (int i = 0; i < size; i++) tensor.Values[i] += 1;
        return tensor;
    }

    /// <summary>Normal numbers of that standard deviation (Box and Muller 1958).</summary>
    private TinyTensor Draw(double scale, params int[] shape)
    {
        float[] values = new float[shape.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble()));
            values[i] = (float)(scale * radius * Math.Cos(2 * Math.PI * _random.NextDouble()));
        }

        return new TinyTensor(shape, values);
    }
}
