using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>What of a memory goes into an archive, and who may read it. Not a record: it must never print its passphrase.</summary>
public sealed class ExportCommand
{
    /// <summary>The one version to export; null = all that are kept, with the snapshots.</summary>
    public VersionSelector? At { get; init; }

    /// <summary>Seals the archive; null = not with a passphrase.</summary>
    public string? Passphrase { get; init; }

    /// <summary>Public key in PEM that the archive is sealed to; null = none.</summary>
    public string? RecipientPublicKey { get; init; }
}

/// <summary>What opens an archive, and who imports it. Not a record: it must never print its secrets.</summary>
public sealed class ImportCommand
{
    /// <summary>The passphrase of a sealed archive; null = none.</summary>
    public string? Passphrase { get; init; }

    /// <summary>Private key in PEM that the archive was sealed to; null = none.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>The archive is on its way from another silo to make this fork; null = it is an import.</summary>
    public ForkCommand? Fork { get; init; }

    /// <summary>Who asks.</summary>
    public WriteOrigin Origin { get; init; } = WriteOrigin.None;
}
