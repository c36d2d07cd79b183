using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>What a look at every byte of a shard's key files found.</summary>
/// <param name="Slots">Slots that were compared, each in both copies.</param>
/// <param name="Bytes">Bytes that were read.</param>
/// <param name="DamagedCopies">Copies that are not as they were written; the other one serves.</param>
/// <param name="LostSlots">Slots with a key or a mark of which no copy is good.</param>
/// <param name="TenantFile">What is wrong with the file of tenants' keys; null = nothing.</param>
/// <param name="IsOpenable">False when the shard could not be opened with these files.</param>
internal sealed record KeyringCheck(
    long Slots, long Bytes, IReadOnlyList<KeyCopyDamage> DamagedCopies, IReadOnlyList<KeyLoss> LostSlots, string? TenantFile, bool IsOpenable);

/// <summary>A copy of a slot, or of a file's header.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Slot">The slot; null = the file as a whole.</param>
/// <param name="Message">What is wrong, in words.</param>
internal sealed record KeyCopyDamage(string File, int? Slot, string Message);

/// <summary>A slot that is lost.</summary>
/// <param name="Slot">Its number.</param>
/// <param name="Memory">Whose key or mark it was, when this process knows it from before.</param>
internal sealed record KeyLoss(int Slot, MemoryUid? Memory);
