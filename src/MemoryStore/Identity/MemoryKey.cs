namespace LatentDb.MemoryStore.Identity;

/// <summary>The full name of a memory: also the key of its grain.</summary>
public readonly record struct MemoryKey(TenantId Tenant, MemoryId Memory)
{
    public override string ToString() => $"{Tenant.Value}/{Memory.Value}";
}
