namespace LatentDb.Silo.Tests.Support;

/// <summary>One server with the shipped model for the tests of a class; a warning in its log fails the class.</summary>
public sealed class SiloFixture : IAsyncLifetime
{
    private static int _names;

    internal RunningSilo Silo { get; private set; } = null!;

    public async Task InitializeAsync() => Silo = await RunningSilo.StartAsync();

    /// <summary>A new memory with a name that no other test has.</summary>
    public async Task<string> NewMemoryAsync()
    {
        string id = $"m{Interlocked.Increment(ref _names)}";
        await Silo.CreateAsync(id);
        return id;
    }

    public async Task DisposeAsync()
    {
        await Silo.DisposeAsync();
        Silo.Logs.AssertOnly();
    }
}
