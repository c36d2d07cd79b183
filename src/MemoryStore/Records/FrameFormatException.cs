namespace LatentDb.MemoryStore.Records;

/// <summary>The bytes are not the frame that must stand at this place; the caller adds where that is.</summary>
public sealed class FrameFormatException(string message) : Exception(message)
{
    /// <summary>The frame is whole, but of a format that this program does not know: refuse it, do not call it damage.</summary>
    public bool IsUnsupported { get; init; }
}
