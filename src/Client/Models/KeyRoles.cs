namespace LatentDb.Client.Models;

/// <summary>What a key may do; each role may do what the ones before it may. The server's words: reader, writer, admin, operator.</summary>
public static class KeyRoles
{
    /// <summary>Ask, list, compare, export.</summary>
    public const string Reader = "reader";

    /// <summary>Make memories and change them.</summary>
    public const string Writer = "writer";

    /// <summary>Erase memories, and care for the tenant's keys and audit log.</summary>
    public const string Admin = "admin";
}
