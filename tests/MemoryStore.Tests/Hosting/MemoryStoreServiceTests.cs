using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LatentDb.MemoryStore.Tests.Hosting;

public sealed class MemoryStoreServiceTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_catalog_works_from_start_to_stop()
    {
        await using ServiceProvider provider = Provide(o => o.Data = _folder.Path);
        var catalog = provider.GetRequiredService<MemoryCatalog>();
        var service = provider.GetServices<IHostedService>().OfType<IHostedLifecycleService>().Single();
        Assert.Equal(ErrorCode.ShuttingDown, (await Assert.ThrowsAsync<LatentDbException>(() => catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None))).Code);

        await service.StartingAsync(CancellationToken.None);
        await new TestModel().CreateAsync(catalog, OpenStore.Key("bob"));
        await service.StoppedAsync(CancellationToken.None);

        Assert.Equal(ErrorCode.ShuttingDown, (await Assert.ThrowsAsync<LatentDbException>(() => catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None))).Code);
    }

    [Fact]
    public void An_impossible_option_is_refused_with_its_value()
    {
        using ServiceProvider provider = Provide(o => o.Shards = 0);

        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<MemoryCatalog>());

        Assert.Contains("Shards is 0", error.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Provide(Action<MemoryStoreOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddMemoryStore(configure);
        return services.BuildServiceProvider();
    }
}
