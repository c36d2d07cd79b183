using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace LatentDb.ModelHost.Tests.Checkpoints;

/// <summary>Makes and takes apart safetensors files, right and wrong ones.</summary>
internal static class SafetensorsBytes
{
    /// <summary>One tensor of a file to be made.</summary>
    internal sealed record Tensor(string Type, long[] Shape, byte[] Bytes)
    {
        public static Tensor F32(long[] shape, params float[] values) => new("F32", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

        public static Tensor F32(long[] shape, Func<long, float> value)
        {
            long count = shape.Aggregate(1L, (product, dimension) => product * dimension);
            return F32(shape, [.. Enumerable.Range(0, (int)count).Select(i => value(i))]);
        }

        /// <summary>The same numbers, each cut to its upper 16 bits.</summary>
        public Tensor ToBFloat16() => this with { Type = "BF16", Bytes = [.. Bytes.Chunk(4).SelectMany(four => four[2..])] };

        public Tensor ToFloat16() => this with { Type = "F16", Bytes = [.. Bytes.Chunk(4).SelectMany(four => BitConverter.GetBytes((Half)BitConverter.ToSingle(four)))] };
    }

    public static byte[] Make(IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        var header = new JsonObject();
        var data = new List<byte>();
        foreach ((string name, Tensor tensor) in tensors)
        {
            header[name] = Entry(tensor.Type, tensor.Shape, data.Count, data.Count + tensor.Bytes.Length);
            data.AddRange(tensor.Bytes);
        }

        return Join(header.ToJsonString(), [.. data]);
    }

    public static JsonObject Entry(string type, long[] shape, long start, long end) => new()
    {
        ["dtype"] = type,
        ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]),
        ["data_offsets"] = new JsonArray(start, end),
    };

    public static byte[] Join(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    /// <summary>All tensors of a well-formed file, in order.</summary>
    public static Dictionary<string, Tensor> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int headerBytes = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        JsonObject header = JsonNode.Parse(file.AsSpan(8, headerBytes))!.AsObject();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, JsonNode? entry) in header.Where(p => p.Key != "__metadata__"))
        {
            int start = 8 + headerBytes + (int)entry!["data_offsets"]![0]!;
            int end = 8 + headerBytes + (int)entry["data_offsets"]![1]!;
            tensors[name] = new Tensor((string)entry["dtype"]!, [.. entry["shape"]!.AsArray().Select(d => (long)d!)], file[start..end]);
        }

        return tensors;
    }
}
