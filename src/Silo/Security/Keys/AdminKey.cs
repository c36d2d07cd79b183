namespace LatentDb.Silo.Security.Keys;

/// <summary>The operator's secret of the environment, if there is one; only its hash stays in memory.</summary>
internal sealed class AdminKey(string secret)
{
    /// <summary>How it is named where a key's id would stand.</summary>
    public const string Id = "admin-key";

    private readonly byte[]? _hash = secret.Length > 0 ? SecretHash.OfAdminKey(secret) : null;

    public bool IsSet => _hash is not null;

    public bool Matches(string presented) => SecretHash.Matches(SecretHash.OfAdminKey(presented), _hash);
}
