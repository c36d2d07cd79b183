using System.Buffers.Binary;
using LatentDb.ModelHost.Checkpoints.Safetensors;

namespace LatentDb.Replay;

/// <summary>The tensors of an inputs or expected file, as doubles or whole numbers.</summary>
internal sealed class GoldenTensors : IDisposable
{
    private readonly SafetensorsFile _file;
    private readonly Dictionary<string, SafetensorsEntry> _entries;

    public GoldenTensors(string path)
    {
        _file = SafetensorsFile.Open(path);
        _entries = _file.Header.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    public IEnumerable<string> Names => _entries.Keys;

    public bool Has(string name) => _entries.ContainsKey(name);

    /// <summary>Whole numbers are compared exactly, whatever the rule lists.</summary>
    public bool IsWhole(string name) => Entry(name).Type is not (SafetensorsType.F64 or SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16);

    public int[] Shape(string name) => [.. Entry(name).Shape.Select(d => checked((int)d))];

    public long[] Integers(string name)
    {
        SafetensorsEntry entry = Entry(name);
        byte[] bytes = Bytes(entry);
        return entry.Type switch
        {
            SafetensorsType.I64 => [.. Enumerable.Range(0, bytes.Length / 8).Select(i => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * 8)))],
            SafetensorsType.I32 => [.. Enumerable.Range(0, bytes.Length / 4).Select(i => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * 4)))],
            _ => throw new InvalidDataException($"{_file.FilePath}: '{name}' is {entry.Type}, not whole numbers."),
        };
    }

    public double[] Doubles(string name)
    {
        SafetensorsEntry entry = Entry(name);
        byte[] bytes = Bytes(entry);
        return entry.Type switch
        {
            SafetensorsType.F64 => [.. Enumerable.Range(0, bytes.Length / 8).Select(i => BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(i * 8)))],
            SafetensorsType.F32 => [.. Enumerable.Range(0, bytes.Length / 4).Select(i => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * 4)))],
            _ => [.. Integers(name).Select(i => (double)i)],
        };
    }

    public void Dispose() => _file.Dispose();

    private SafetensorsEntry Entry(string name) =>
        _entries.TryGetValue(name, out SafetensorsEntry? entry) ? entry : throw new InvalidDataException($"{_file.FilePath} has no tensor '{name}'.");

    private byte[] Bytes(SafetensorsEntry entry)
    {
        byte[] bytes = new byte[entry.Bytes];
        _file.Read(entry, 0, bytes);
        return bytes;
    }
}
