using LatentDb.MemoryStore.Disk;

namespace LatentDb.Silo.Audit;

/// <summary>Registration of the audit log.</summary>
internal static class AuditRegistration
{
    /// <summary>After the store, so that its lock is held when the log is opened, and before the model, so that a log that cannot be written is told at once.</summary>
    public static void AddAudit(this IServiceCollection services, SiloOptions options)
    {
        // The data folder of a cluster is shared, and the log is of one process.
        string folder = options.IsClustered() ? Path.Combine(options.Data, "silos", options.SiloName.Length > 0 ? options.SiloName : Environment.MachineName) : options.Data;
        services.AddSingleton(new AuditFolder(LocalDisk.Instance, folder));
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditTally>();
        services.AddSingleton<AuditReader>();
        services.AddSingleton<AuditService>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<AuditService>());
    }
}
