using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace LatentDb.ModelHost.Checkpoints.Safetensors;

/// <summary>
/// The table of contents of a safetensors file: 8 bytes of length, JSON, then the tensors back to back. Everything the JSON claims is checked
/// against the file before anything is read by it.
/// </summary>
/// <remarks>
/// The rules are those of the reference implementation: a length of at most 100 MB, an object whose entries have exactly dtype, shape and
/// data_offsets, byte counts that equal shape times element size, and tensors that cover the rest of the file without holes or overlaps.
/// </remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>Bytes of the length field.</summary>
    public const int LengthBytes = 8;

    private const string MetadataName = "__metadata__";

    private static readonly JsonDocumentOptions JsonOptions = new() { MaxDepth = 8 };

    private SafetensorsHeader(ImmutableArray<SafetensorsEntry> entries) => Entries = entries;

    /// <summary>The tensors in file order.</summary>
    public ImmutableArray<SafetensorsEntry> Entries { get; }

    /// <summary>Reads the length field and checks it against the file.</summary>
    public static int ParseLength(string file, ulong length, long fileBytes)
    {
        if (length > CheckpointLimits.MaxHeaderBytes)
        {
            throw CheckpointErrors.Invalid(file, $"the header claims {length} bytes; at most {CheckpointLimits.MaxHeaderBytes} are allowed.");
        }

        if ((long)length > fileBytes - LengthBytes) throw CheckpointErrors.Invalid(file, $"the header claims {length} bytes of a file of {fileBytes}.");
        if (length < 2) throw CheckpointErrors.Invalid(file, $"the header claims {length} bytes; the shortest has 2.");
        return (int)length;
    }

    /// <param name="file">For messages.</param>
    /// <param name="json">The header without its length field.</param>
    /// <param name="dataStart">Where the header ends in the file.</param>
    /// <param name="fileBytes">Size of the whole file.</param>
    public static SafetensorsHeader Parse(string file, ReadOnlyMemory<byte> json, long dataStart, long fileBytes)
    {
        if (json.Span[0] != (byte)'{') throw CheckpointErrors.Invalid(file, "the header does not start with '{'.");
        if (!Utf8.IsValid(json.Span)) throw CheckpointErrors.Invalid(file, "the header is not valid UTF-8.");
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, JsonOptions);
            ImmutableArray<SafetensorsEntry> entries = ParseEntries(file, document.RootElement, dataStart);
            CheckCoverage(file, entries, dataStart, fileBytes);
            return new SafetensorsHeader(entries);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CheckpointErrors.Invalid(file, "the header is not the JSON of a safetensors file.", e);
        }
    }

    private static ImmutableArray<SafetensorsEntry> ParseEntries(string file, JsonElement root, long dataStart)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var entries = new List<SafetensorsEntry>();
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (!names.Add(property.Name)) throw CheckpointErrors.Tensor(file, property.Name, "is there twice.");
            if (names.Count > CheckpointLimits.MaxTensors) throw CheckpointErrors.Invalid(file, $"more than {CheckpointLimits.MaxTensors} tensors.");
            if (property.Name == MetadataName) CheckMetadata(file, property.Value);
            else entries.Add(ParseEntry(file, property.Name, property.Value, dataStart));
        }

        return [.. entries.OrderBy(e => e.Start).ThenBy(e => e.Bytes)];
    }

    private static void CheckMetadata(string file, JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object || metadata.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.String))
        {
            throw CheckpointErrors.Key(file, MetadataName, "must be an object of strings.");
        }
    }

    private static SafetensorsEntry ParseEntry(string file, string name, JsonElement entry, long dataStart)
    {
        if (entry.ValueKind != JsonValueKind.Object) throw CheckpointErrors.Tensor(file, name, "is not an object.");
        SafetensorsType? type = null;
        ImmutableArray<long> shape = default;
        ImmutableArray<long> offsets = default;
        foreach (JsonProperty field in entry.EnumerateObject())
        {
            bool first = field.Name switch
            {
                "dtype" => type is null,
                "shape" => shape.IsDefault,
                "data_offsets" => offsets.IsDefault,
                _ => throw CheckpointErrors.Tensor(file, name, $"has a field '{CheckpointErrors.Shorten(field.Name)}' that the format does not know."),
            };
            if (!first) throw CheckpointErrors.Tensor(file, name, $"has '{field.Name}' twice.");
            if (field.Name == "dtype") type = ParseType(file, name, field.Value);
            else if (field.Name == "shape") shape = ParseNumbers(file, name, field);
            else offsets = ParseNumbers(file, name, field);
        }

        if (type is null || shape.IsDefault || offsets.IsDefault) throw CheckpointErrors.Tensor(file, name, "lacks dtype, shape or data_offsets.");
        if (offsets.Length != 2 || offsets[1] < offsets[0]) throw CheckpointErrors.Tensor(file, name, $"has data_offsets {CheckpointErrors.Shape(offsets)}.");
        return MakeEntry(file, name, type.Value, shape, offsets, dataStart);
    }

    private static SafetensorsEntry MakeEntry(string file, string name, SafetensorsType type, ImmutableArray<long> shape, ImmutableArray<long> offsets, long dataStart)
    {
        long elements = 1;
        foreach (long dimension in shape)
        {
            if (dimension != 0 && elements > long.MaxValue / 16 / dimension) throw CheckpointErrors.Tensor(file, name, $"has the impossible shape {CheckpointErrors.Shape(shape)}.");
            elements *= dimension;
        }

        long bytes = elements * type.Bytes();
        if (offsets[1] - offsets[0] != bytes)
        {
            throw CheckpointErrors.Tensor(file, name, $"has {offsets[1] - offsets[0]} bytes; {type} {CheckpointErrors.Shape(shape)} needs {bytes}.");
        }

        if (offsets[0] > long.MaxValue - bytes - dataStart) throw CheckpointErrors.Tensor(file, name, $"starts at {offsets[0]}, beyond the end of the file.");
        return new SafetensorsEntry(name, type, shape, dataStart + offsets[0], bytes);
    }

    private static SafetensorsType ParseType(string file, string name, JsonElement value)
    {
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : string.Empty;
        return SafetensorsTypes.TryParse(text) ?? throw CheckpointErrors.Tensor(file, name, $"has the unknown dtype '{CheckpointErrors.Shorten(text)}'.");
    }

    private static ImmutableArray<long> ParseNumbers(string file, string name, JsonProperty field)
    {
        if (field.Value.ValueKind != JsonValueKind.Array || field.Value.GetArrayLength() > CheckpointLimits.MaxDimensions)
        {
            throw CheckpointErrors.Tensor(file, name, $"has a {field.Name} that is not an array of at most {CheckpointLimits.MaxDimensions} numbers.");
        }

        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>();
        foreach (JsonElement item in field.Value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long number) || number < 0)
            {
                throw CheckpointErrors.Tensor(file, name, $"has a {field.Name} that is not made of whole numbers from 0.");
            }

            numbers.Add(number);
        }

        return numbers.ToImmutable();
    }

    private static void CheckCoverage(string file, ImmutableArray<SafetensorsEntry> entries, long dataStart, long fileBytes)
    {
        long end = dataStart;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Start < end) throw CheckpointErrors.Tensor(file, entry.Name, $"overlaps the tensor before it by {end - entry.Start} bytes.");
            if (entry.Start > end) throw CheckpointErrors.Tensor(file, entry.Name, $"leaves a hole of {entry.Start - end} bytes before it.");
            end = entry.Start + entry.Bytes;
            if (end > fileBytes) throw CheckpointErrors.Tensor(file, entry.Name, $"ends at byte {end} of a file of {fileBytes}: the file is cut off.");
        }

        if (end != fileBytes) throw CheckpointErrors.Invalid(file, $"{fileBytes - end} bytes after the last tensor belong to none.");
    }
}
