using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Index;

/// <summary>What happened since the last checkpoint.</summary>
/// <param name="Memories">Memories whose state is to be stored.</param>
/// <param name="Removed">Memories that stored pages name and that are gone.</param>
internal sealed record IndexChanges(ImmutableArray<ChangedMemory> Memories, ImmutableArray<MemoryUid> Removed);

/// <param name="Memory">The memory.</param>
/// <param name="Entry">Its entry.</param>
/// <param name="Changes">The count of changes that the stored state includes.</param>
internal sealed record ChangedMemory(MemoryRef Memory, MemoryEntry Entry, long Changes);
