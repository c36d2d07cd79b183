using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Links;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.ModelHost.Remote;
using LatentDb.ModelHost.Remote.Slices;
using LatentDb.ModelHost.Tests.Hosting;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>An owner without a model, with a memory, and model silos, all in this process with links in memory.</summary>
internal sealed class RemoteCluster : IAsyncDisposable
{
    public const string Owner = "owner:1";

    private readonly List<IDisposable> _owned = [];
    private int _isDisposed;

    private RemoteCluster(MemoryUnderTest memory, InMemoryBlocks blocks, TimeProvider time)
    {
        Local = memory;
        Blocks = blocks;
        Links.Serve(Owner, new BlockService(blocks, NullLogger<BlockService>.Instance));
        Pool = new LinkPool(Links.From(Owner), time);
        Host = new RemoteModelHost(View, Pool, time, NullLogger<RemoteModelHost>.Instance);
    }

    public InMemoryLinks Links { get; } = new();

    /// <summary>The owner's ways, as a server has them.</summary>
    public LinkPool Pool { get; }

    public FakeView View { get; } = new("owner");

    public InMemoryBlocks Blocks { get; }

    /// <summary>What the owner asks.</summary>
    public RemoteModelHost Host { get; }

    public List<ModelService> Services { get; } = [];

    /// <summary>The memory as a model in the owner's process would serve it.</summary>
    public MemoryUnderTest Local { get; }

    /// <summary>The memory through the model silos.</summary>
    public MemoryUnderTest Remote => Local.Fork(Host);

    /// <param name="time">Of the owner.</param>
    /// <param name="models">Model silos in the order of their addresses, model-0 and so on.</param>
    public static async Task<RemoteCluster> StartAsync(TimeProvider time, params IModelHost[] models)
    {
        MemoryUnderTest memory = await MemoryUnderTest.CreateAsync(models[0]);
        var cluster = new RemoteCluster(memory, memory.Blocks, time);
        for (int i = 0; i < models.Length; i++) cluster.Serve(i, models[i]);
        cluster.View.Set([new SiloMember("owner", Guid.NewGuid(), Owner, SiloRoles.Store | SiloRoles.Api, false, 0), .. models.Select((_, i) => Member(i))]);
        await cluster.Host.StartAsync(default);
        while (cluster.Host.UsableSilos < models.Count(m => m.IsReady)) await Task.Delay(1); // The silos say what they serve.
        return cluster;
    }

    public static string Address(int model) => $"model-{model}:1";

    public static SiloMember Member(int model) => new($"model-{model}", Guid.NewGuid(), Address(model), SiloRoles.Model, false, 0);

    /// <summary>Lets a model be asked at an address; anew after it was killed.</summary>
    public void Serve(int number, IModelHost model)
    {
        var sources = new RemoteBlockSources(Links.From(Address(number)), TimeProvider.System);
        _owned.Add(sources);
        Services.Add(new ModelService(model, sources, NullLogger<ModelService>.Instance));
        Links.Serve(Address(number), Services[^1]);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await Host.StopAsync(default);
        Host.Dispose();
        Pool.Dispose();
        foreach (IDisposable owned in _owned) owned.Dispose();
        await Links.DisposeAsync();
    }

    /// <summary>The shipped model.</summary>
    public static LocalModelHost LoadModel(int maxActive = 8, int maxWaiting = 200) => LocalModelHost.Load(
        new ModelHostOptions { Model = RepositoryFiles.Combine("models", "small"), MaxActive = maxActive, MaxWaiting = maxWaiting }, TimeProvider.System, default);
}
