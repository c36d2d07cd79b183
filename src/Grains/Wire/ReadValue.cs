using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.Grains.Wire;

/// <summary>Reads one value.</summary>
internal delegate T ReadValue<out T>(ref MessagePackReader reader);

/// <summary>Writes one value.</summary>
internal delegate void WriteValue<in T>(ref MessagePackWriter writer, T value);
