using Microsoft.Extensions.Options;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>Refuses options that cannot work, with the value in the message.</summary>
internal sealed class MemoryStoreOptionsValidator : IValidateOptions<MemoryStoreOptions>
{
    public ValidateOptionsResult Validate(string? name, MemoryStoreOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Data)) return ValidateOptionsResult.Fail($"MemoryStoreOptions.Data is '{options.Data}'; it must name a folder.");
        if (options.Shards is >= 1 and <= StoreLimits.MaxShards) return ValidateOptionsResult.Success;
        return ValidateOptionsResult.Fail($"MemoryStoreOptions.Shards is {options.Shards}; it must be 1 to {StoreLimits.MaxShards}.");
    }
}
