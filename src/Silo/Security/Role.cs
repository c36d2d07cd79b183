namespace LatentDb.Silo.Security;

/// <summary>What a caller may do; each role may do what the ones before it may.</summary>
internal enum Role
{
    /// <summary>Ask, list, compare, export.</summary>
    Reader = 1,

    /// <summary>Make memories and change them: inject, snapshot, roll back, fork, import.</summary>
    Writer = 2,

    /// <summary>Erase memories, and care for the tenant's keys and audit log.</summary>
    Admin = 3,

    /// <summary>Runs the server: tenants, the store, everybody's keys. Belongs to no tenant but acts for one.</summary>
    Operator = 4,
}
