using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer;

/// <summary>What of a memory is exported, and who may read it. Not a record: it must never print its passphrase.</summary>
public sealed class ExportOptions
{
    /// <summary>The one version to export; null = all that retention has kept, with the snapshots.</summary>
    public VersionSelector? At { get; init; }

    /// <summary>Protects the archive to whoever knows it; 8 to 1024 characters. Not together with <see cref="RecipientPublicKey"/>.</summary>
    public string? Passphrase { get; init; }

    /// <summary>Protects the archive to the owner of a key on P-256: its public half in PEM. Not together with <see cref="Passphrase"/>.</summary>
    public string? RecipientPublicKey { get; init; }
}
