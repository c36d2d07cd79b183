namespace LatentDb.MemoryStore.Encryption;

/// <summary>What a keyring knows of a memory.</summary>
internal enum KeyState
{
    /// <summary>Nothing: it was never there, or its mark was forgotten.</summary>
    Unknown,

    /// <summary>Its key is here.</summary>
    Present,

    /// <summary>Its key is gone for good; what was sealed with it cannot be read by anybody.</summary>
    Erased,
}
