using LatentDb.MemoryStore.Disk;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Security.Keys;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace LatentDb.Silo.Security;

/// <summary>Registration of keys and tenants.</summary>
internal static class SecurityRegistration
{
    /// <summary>After the store, so that its lock is held when the access file is read, and after the cluster's database, in which the keys may be.</summary>
    public static void AddSecurity(this IServiceCollection services, SiloOptions options)
    {
        services.AddSingleton(new AdminKey(options.AdminKey));
        services.AddSingleton(provider => new AccessFile(LocalDisk.Instance, options.Data, provider.GetRequiredService<TimeProvider>(), options.IsClustered()));
        services.TryAddSingleton<IAccessStore>(provider => provider.GetRequiredService<AccessFile>());
        services.AddSingleton<AccessCatalog>();
        services.AddSingleton<CredentialCheck>();
        services.AddSingleton<BadKeyThrottle>();
        services.AddHostedService<AccessService>();
    }

    /// <summary>True when a key is set or stored, or may be stored where it is not looked for yet. Asked before anything is opened, to know where the server may listen.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">data_damaged, unsupported_format, store_unavailable.</exception>
    public static bool HasKeys(SiloOptions options) =>
        options.AdminKey.Length > 0 || options.HasAccessInDatabase() || !new AccessFile(LocalDisk.Instance, options.Data, TimeProvider.System).Read().Keys.IsEmpty;
}
