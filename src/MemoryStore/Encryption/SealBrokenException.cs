namespace LatentDb.MemoryStore.Encryption;

/// <summary>Sealed bytes do not open: they, their place or their header were changed, or the key is another one. The caller adds where that is.</summary>
internal sealed class SealBrokenException(string message, Exception? inner = null) : Exception(message, inner);
