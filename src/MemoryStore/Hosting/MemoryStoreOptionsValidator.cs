using Microsoft.Extensions.Options;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>Refuses options that cannot work, with the value in the message.</summary>
internal sealed class MemoryStoreOptionsValidator : IValidateOptions<MemoryStoreOptions>
{
    public ValidateOptionsResult Validate(string? name, MemoryStoreOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Data)) return ValidateOptionsResult.Fail($"MemoryStoreOptions.Data is '{options.Data}'; it must name a folder.");
        if (options.Shards is < 1 or > StoreLimits.MaxShards) return ValidateOptionsResult.Fail($"MemoryStoreOptions.Shards is {options.Shards}; it must be 1 to {StoreLimits.MaxShards}.");
        if (options.ReserveBytes < 0) return ValidateOptionsResult.Fail($"MemoryStoreOptions.ReserveBytes is {options.ReserveBytes}; it cannot be negative.");
        if (options.CompactionPause < TimeSpan.Zero) return ValidateOptionsResult.Fail($"MemoryStoreOptions.CompactionPause is {options.CompactionPause}; it cannot be negative.");
        if (options.CompactionBytesPerSecond < 0) return ValidateOptionsResult.Fail($"MemoryStoreOptions.CompactionBytesPerSecond is {options.CompactionBytesPerSecond}; it cannot be negative.");
        if (options.ScrubBytesPerSecond < 0) return ValidateOptionsResult.Fail($"MemoryStoreOptions.ScrubBytesPerSecond is {options.ScrubBytesPerSecond}; it cannot be negative.");
        if (!IsPossible(options.RetentionDays, options.RetentionVersions)) return Impossible("all tenants", options.RetentionDays, options.RetentionVersions);
        foreach ((string tenant, TenantRetention own) in options.TenantRetention)
        {
            if (!IsPossible(own.Days, own.Versions)) return Impossible($"tenant {tenant}", own.Days, own.Versions);
        }

        return ValidateOptionsResult.Success;
    }

    private static bool IsPossible(double? days, int? versions) => days is null or (>= 0 and <= StoreLimits.MaxRetentionDays) && versions is null or >= 1;

    private static ValidateOptionsResult Impossible(string who, double? days, int? versions) =>
        ValidateOptionsResult.Fail($"The retention of {who} is {days} days and {versions} versions; days are 0 to {StoreLimits.MaxRetentionDays}, versions at least 1.");
}
