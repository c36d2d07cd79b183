using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace LatentDb.Testing;

/// <summary>
/// A MemoryLLM or M+ checkpoint of any size with seeded random weights, in Hugging Face layout. Tensors may be changed before it is written:
/// that is how a test asks what depends on what.
/// </summary>
public sealed class TinyModel
{
    private readonly SortedDictionary<string, TinyTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Draws all weights.</summary>
    public TinyModel(TinyModelOptions options)
    {
        Options = options;
        new TinyWeights(options).Fill(_tensors);
    }

    private TinyModel(TinyModel other)
    {
        Options = other.Options;
        foreach ((string name, TinyTensor tensor) in other._tensors) _tensors.Add(name, tensor with { Values = (float[])tensor.Values.Clone() });
    }

    public TinyModelOptions Options { get; }

    public IReadOnlyDictionary<string, TinyTensor> Tensors => _tensors;

    /// <summary>The same model, to be changed on its own.</summary>
    public TinyModel Clone() => new(this);

    /// <summary>A copy whose tensors of matching names went through <paramref name="change"/>.</summary>
    public TinyModel With(Func<string, bool> matches, Func<float, int, float> change)
    {
        TinyModel copy = Clone();
        foreach ((string name, TinyTensor tensor) in copy._tensors)
        {
            for (int i = 0; matches(name) && i < tensor.Values.Length; i++) tensor.Values[i] = change(tensor.Values[i], i);
        }

        return copy;
    }

    /// <summary>Writes config.json and model.safetensors.</summary>
    public void WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Options.ToJson());
        using FileStream file = File.Create(Path.Combine(folder, "model.safetensors"));
        byte[] header = Header();
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        file.Write(header);
        foreach (TinyTensor tensor in _tensors.Values) file.Write(MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
    }

    private byte[] Header()
    {
        var entries = new SortedDictionary<string, object>(StringComparer.Ordinal);
        long offset = 0;
        foreach ((string name, TinyTensor tensor) in _tensors)
        {
            long end = offset + ((long)tensor.Values.Length * sizeof(float));
            entries.Add(name, new { dtype = "F32", shape = tensor.Shape, data_offsets = (long[])[offset, end] });
            offset = end;
        }

        string json = JsonSerializer.Serialize(entries);
        return Encoding.UTF8.GetBytes(json.PadRight((json.Length + 7) / 8 * 8));
    }
}

/// <summary>One tensor, row-major.</summary>
public sealed record TinyTensor(int[] Shape, float[] Values);
