using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>A record before it has a place.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Memory">Whose it is.</param>
/// <param name="Payload">In clear.</param>
/// <param name="Key">Encrypts it; null = stored in clear.</param>
/// <param name="Flags">Besides that of encryption.</param>
internal sealed record RecordDraft(FrameKind Kind, MemoryUid Memory, ReadOnlyMemory<byte> Payload, FrameKey? Key, FrameFlags Flags = FrameFlags.None);
