namespace LatentDb.Silo.Security;

/// <summary>Bounds of keys, tenants and bad credentials.</summary>
internal static class SecurityLimits
{
    /// <summary>Keys of all tenants, revoked ones included: some 25 MB of file, which is written anew at every change.</summary>
    public const int MaxKeys = 100_000;

    /// <summary>Usable keys of one tenant, so that its admin cannot take the room of all others.</summary>
    public const int MaxKeysPerTenant = 1_000;

    public const int MaxTenants = 10_000;

    /// <summary>Characters of a key's name.</summary>
    public const int MaxNameLength = 100;

    /// <summary>Characters of a credential; longer ones are not looked at.</summary>
    public const int MaxCredentialLength = 512;

    /// <summary>An admin key shorter than this could be guessed.</summary>
    public const int MinAdminKeyLength = 32;

    /// <summary>How long the old secret of a rotated key may go on.</summary>
    public static readonly TimeSpan MaxRotationGrace = TimeSpan.FromDays(30);

    /// <summary>How often the times of last use reach the disk: a crash loses a minute of them at most.</summary>
    public static readonly TimeSpan UseFlushPause = TimeSpan.FromMinutes(1);

    /// <summary>In a cluster: how often a silo looks whether another one has changed keys or tenants, and so how long a revoked key may live on there.</summary>
    public static readonly TimeSpan AccessLookPause = TimeSpan.FromSeconds(1);

    /// <summary>In a cluster: how long a change waits for that of another silo.</summary>
    public static readonly TimeSpan AccessTurnLimit = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan AccessTurnPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Bad credentials of one address in <see cref="FailureWindow"/>.</summary>
    public const int MaxFailuresPerAddress = 10;

    /// <summary>Bad credentials under one key id, from wherever, in <see cref="FailureWindow"/>.</summary>
    public const int MaxFailuresPerKey = 50;

    /// <summary>Addresses and key ids that are counted at once; beyond, all new ones share one count.</summary>
    public const int MaxCountedSources = 65_536;

    public static readonly TimeSpan FailureWindow = TimeSpan.FromMinutes(1);
}
