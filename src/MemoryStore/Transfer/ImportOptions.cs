using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer;

/// <summary>What opens an archive. Not a record: it must never print its secrets.</summary>
public sealed class ImportOptions
{
    /// <summary>The passphrase of a protected archive; null = it has none. One that is not protected is then refused, since it may have been put in its place.</summary>
    public string? Passphrase { get; init; }

    /// <summary>The private key on P-256 of the recipient, in PEM; null = none. The same holds.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>
    /// The archive is of one version and makes a fork of it, whose source lives in another process: the new memory is what a fork is, and not what an import is.
    /// </summary>
    public bool IsFork { get; init; }

    /// <summary>For a fork: a JSON object as text for the new memory; null = none.</summary>
    public string? ForkMetadata { get; init; }

    /// <summary>Who imports: kept with the first version of a memory that an archive of one version gives. An archive of all versions keeps its own authors.</summary>
    public WriteOrigin Origin { get; init; } = WriteOrigin.None;
}
