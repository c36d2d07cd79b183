using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace LatentDb.ModelHost.Checkpoints.Safetensors;

/// <summary>A safetensors file, mapped into memory, with its header checked. Reads are bounds-checked copies and may come from several threads.</summary>
/// <remarks>The file stays mapped while this lives: replace a checkpoint by renaming, never by writing into its files.</remarks>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    private SafetensorsFile(string path, SafetensorsHeader header, MemoryMappedFile map)
    {
        FilePath = path;
        Header = header;
        _map = map;
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    public string FilePath { get; }

    public SafetensorsHeader Header { get; }

    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: the file is missing, unreadable or not what its header says.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            SafetensorsHeader header = ReadHeader(path, stream);
            var map = MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new SafetensorsFile(path, header, map);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CheckpointErrors.Invalid(path, "the file cannot be read.", e);
        }
    }

    /// <summary>Copies bytes of a tensor, from <paramref name="offset"/> within it.</summary>
    public void Read(SafetensorsEntry entry, long offset, Span<byte> target)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, entry.Bytes - target.Length);
        _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(entry.Start + offset), target);
    }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private static SafetensorsHeader ReadHeader(string path, FileStream stream)
    {
        long fileBytes = stream.Length;
        if (fileBytes < SafetensorsHeader.LengthBytes) throw CheckpointErrors.Invalid(path, $"{fileBytes} bytes are too few for a safetensors file.");
        Span<byte> lengthField = stackalloc byte[SafetensorsHeader.LengthBytes];
        stream.ReadExactly(lengthField);
        int length = SafetensorsHeader.ParseLength(path, BinaryPrimitives.ReadUInt64LittleEndian(lengthField), fileBytes);
        byte[] json = new byte[length];
        stream.ReadExactly(json);
        return SafetensorsHeader.Parse(path, json, SafetensorsHeader.LengthBytes + length, fileBytes);
    }
}
