namespace LatentDb.Silo.Security;

/// <summary>The key that a request named without having its secret.</summary>
/// <param name="Id">Twelve characters of base32; whether there is such a key is another question.</param>
internal sealed record RefusedKey(string Id);
