namespace LatentDb.MemoryStore.MessagePack;

/// <summary>The bytes are not the MessagePack that was expected at this place.</summary>
public sealed class MessagePackFormatException(string message) : Exception(message);
