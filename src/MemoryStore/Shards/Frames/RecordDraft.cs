using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>A record before it has a place.</summary>
internal sealed record RecordDraft(FrameKind Kind, MemoryUid Memory, ReadOnlyMemory<byte> Payload, string? OperationId = null, FrameFlags Flags = FrameFlags.None);
