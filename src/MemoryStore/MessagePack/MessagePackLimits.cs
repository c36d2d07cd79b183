namespace LatentDb.MemoryStore.MessagePack;

/// <summary>What a reader accepts, whatever the bytes claim.</summary>
internal static class MessagePackLimits
{
    /// <summary>Nested arrays and maps; our records need six.</summary>
    public const int MaxDepth = 32;
}
