namespace LatentDb.Client.Models;

/// <summary>What an archive holds, and how it is sealed.</summary>
public sealed record ExportOptions
{
    /// <summary>Version number, RFC 3339 time or snapshot name: the archive holds this version alone. Null = all versions.</summary>
    public string? At { get; init; }

    /// <summary>Seals the archive; 8 to 1024 characters. Null = not with a passphrase.</summary>
    public string? Passphrase { get; init; }

    /// <summary>A public key on P-256 in PEM: only its private key opens the archive. Null = not to a key.</summary>
    public string? RecipientPublicKey { get; init; }
}

/// <summary>Under which name an archive is imported, and what opens it.</summary>
public sealed record ImportOptions
{
    /// <summary>Name of the new memory; null = the name in the archive.</summary>
    public string? Id { get; init; }

    /// <summary>What the archive was sealed with.</summary>
    public string? Passphrase { get; init; }

    /// <summary>The private key in PEM that belongs to the public key the archive was sealed to. It is sent to the server.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>1 to 128 visible ASCII characters. A second import under the same key makes nothing new. Null = the client makes one per call.</summary>
    public string? IdempotencyKey { get; init; }
}
