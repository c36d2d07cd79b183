using LatentDb.Grains.Contracts;
using LatentDb.Grains.Hosting;
using LatentDb.Grains.Memories;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LatentDb.Grains.Tests.Doubles;

/// <summary>The embedded host over the real store on a real disk, with the echo model and a clock that the test moves.</summary>
internal sealed class GrainHostFixture : IAsyncDisposable
{
    private readonly TempFolder _data = new();
    private readonly Action<GrainHostOptions>? _configure;
    private MemoryStoreService _store;

    private GrainHostFixture(Action<GrainHostOptions>? configure)
    {
        _configure = configure;
        (_store, Host) = Build();
    }

    public EchoModelHost Model { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public EmbeddedGrainHost Host { get; private set; }

    public static async Task<GrainHostFixture> StartAsync(Action<GrainHostOptions>? configure = null)
    {
        var fixture = new GrainHostFixture(configure);
        await fixture._store.StartAsync(CancellationToken.None);
        await fixture.Host.StartAsync(CancellationToken.None);
        return fixture;
    }

    /// <summary>Ends this host and its store as they are, and begins anew on the same data.</summary>
    public async Task RestartAsync()
    {
        await Host.DisposeAsync();
        await _store.DisposeAsync();
        (_store, Host) = Build();
        await _store.StartAsync(CancellationToken.None);
        await Host.StartAsync(CancellationToken.None);
    }

    /// <summary>What a keeper of shards tells of them.</summary>
    public ShardTurns Turns => new(Host, _store.Catalog);

    public ShardId ShardOf(string id) => _store.Catalog.ShardOf(new MemoryKey(TenantId.Default, MemoryId.Parse(id)));

    public IMemoryGrain Memory(string id) => Host.GetMemory(new MemoryKey(TenantId.Default, MemoryId.Parse(id)));

    public async Task<IMemoryGrain> CreateAsync(string id)
    {
        IMemoryGrain memory = Memory(id);
        await memory.CreateAsync(new CreateMemoryCommand(null, WriteOrigin.None), CancellationToken.None);
        return memory;
    }

    private (MemoryStoreService Store, EmbeddedGrainHost Host) Build()
    {
        var options = new GrainHostOptions();
        _configure?.Invoke(options);
        var store = new MemoryStoreService(Options.Create(new MemoryStoreOptions { Data = _data.Path }), TimeProvider.System, NullLogger<MemoryStoreService>.Instance);
        return (store, new EmbeddedGrainHost(options, new GrainStore(store.Catalog, store.Exporter, store.Importer), Model, Time));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _store.DisposeAsync();
        _data.Dispose();
    }
}

/// <summary>Short forms of the verbs.</summary>
internal static class MemoryGrainVerbs
{
    public static Task<InjectResult> InjectAsync(
        this IMemoryGrain memory, string text, long? expectedHead = null, string? operation = null, CancellationToken cancellationToken = default) =>
        memory.InjectAsync(new InjectCommand(new TextInput.Plain(text), null, expectedHead is { } head ? new VersionNumber(head) : null, new WriteOrigin(operation, null)), cancellationToken);

    public static async Task<MemoryVersion> RollBackAsync(this IMemoryGrain memory, string to, long? expectedHead = null, string? operation = null) =>
        (await memory.RollBackAsync(
            new RollbackCommand(VersionSelector.Parse(to), expectedHead is { } head ? new VersionNumber(head) : null, new WriteOrigin(operation, null)), CancellationToken.None)).Value;

    public static Task<bool> EraseAsync(this IMemoryGrain memory, string? operation = null) =>
        memory.EraseAsync(new EraseCommand(null, new WriteOrigin(operation, null)), CancellationToken.None);

    public static async Task<Snapshot> SnapshotAsync(this IMemoryGrain memory, string name, string at = "head") =>
        (await memory.CreateSnapshotAsync(new SnapshotCommand(SnapshotName.Parse(name), VersionSelector.Parse(at), null, WriteOrigin.None), CancellationToken.None)).Value;

    public static async Task<string> AskAsync(this IMemoryGrain memory, string at = "head")
    {
        string answer = string.Empty;
        await foreach (QueryEvent step in memory.QueryEvents(at)) answer += step is QueryGenerated { Event: GeneratedText text } ? text.Text : string.Empty;
        return answer;
    }

    public static IAsyncEnumerable<QueryEvent> QueryEvents(this IMemoryGrain memory, string at = "head", CancellationToken cancellationToken = default) =>
        memory.QueryAsync(new QueryCommand(new TextInput.Plain("?"), new GenerationOptions(), VersionSelector.Parse(at)), cancellationToken);

    public static async Task<long> HeadAsync(this IMemoryGrain memory) => (await memory.DescribeAsync(CancellationToken.None)).Head.Number.Value;
}
