namespace LatentDb.Silo.Security.Keys;

/// <summary>What a credential turned out to be.</summary>
internal abstract record Credential
{
    /// <summary>None was sent.</summary>
    internal sealed record Missing : Credential;

    /// <summary>Malformed, unknown, with a wrong secret, or revoked: nobody is told which.</summary>
    /// <param name="KeyId">The id that it names, when it has the form of a key.</param>
    internal sealed record Bad(string? KeyId) : Credential;

    /// <summary>The secret was right, but its time is over.</summary>
    /// <param name="Key">Which.</param>
    internal sealed record Expired(ApiKey Key) : Credential;

    /// <summary>It opens something.</summary>
    /// <param name="Caller">For an operator, of the default tenant.</param>
    internal sealed record Good(Caller Caller) : Credential;
}
