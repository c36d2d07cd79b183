using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Cluster.Running;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Cluster;

/// <summary>Any silo takes any request: every verb on every memory goes through silos that do not own it.</summary>
[Collection(ClusterTests.Name)]
public sealed class EverySiloTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private static readonly QueryRequest Question = new() { Prompt = "Question: Where does Maria live? Answer:", MaxTokens = 4, Temperature = 0 };

    [RequiresPostgresFact]
    public Task Every_verb_works_through_every_silo_and_all_of_them_tell_the_same() => cluster.WatchAsync(output, async () =>
    {
        HttpClient[] https = [.. cluster.Stores.Select(silo => new HttpClient { BaseAddress = silo.Address, Timeout = TimeSpan.FromSeconds(40) })];
        LatentDbClient[] clients = [.. https.Select(http => new LatentDbClient(http))];
        IReadOnlyDictionary<int, string> owners = await cluster.Table.OwnersAsync();
        string[] memories = [.. cluster.Stores.SelectMany(silo => MemoriesOf(silo.Name, owners).Take(2))];
        Assert.Equal(2 * cluster.Stores.Count, memories.Length);
        foreach (string memory in memories)
        {
            int owner = IndexOf(owners[cluster.Table.ShardOf(memory)]);
            await UseAsync(memory, clients[(owner + 1) % clients.Length], clients[(owner + 2) % clients.Length], clients[owner]);
        }

        foreach (LatentDbClient client in clients)
        {
            List<string> listed = [];
            await foreach (MemoryDescription memory in client.EnumerateMemoriesAsync()) listed.Add(memory.Id);
            Assert.Equal(memories.Order(StringComparer.Ordinal), listed.Where(id => id.StartsWith("every-", StringComparison.Ordinal)));
        }

        foreach (HttpClient http in https) http.Dispose();
    });

    /// <summary>Each verb through the first, looked at through the second, and both compared with the owner.</summary>
    private static async Task UseAsync(string memory, LatentDbClient first, LatentDbClient second, LatentDbClient owner)
    {
        Assert.Equal(1, (await first.CreateMemoryAsync(new CreateMemoryRequest(memory))).Version);
        var refusal = await Assert.ThrowsAsync<ApiProblemException>(() => second.CreateMemoryAsync(new CreateMemoryRequest(memory)));
        Assert.Equal("memory_exists", refusal.Code);

        Assert.Equal(2, (await first.Memory(memory).InjectAsync("Maria lives in Lisbon.")).Version);
        Assert.Equal(3, (await second.Memory(memory).InjectAsync("Peter works as a baker.")).Version);
        Assert.Equal(3, (await first.Memory(memory).GetAsync()).Version);

        QueryAnswer there = await first.Memory(memory).QueryAsync(Question);
        QueryAnswer here = await owner.Memory(memory).QueryAsync(Question);
        Assert.Equal((3, here.Text), (there.Version, there.Text));
        List<QueryStep> steps = [];
        await foreach (QueryStep step in second.Memory(memory).StreamAsync(Question)) steps.Add(step);
        Assert.Equal(here.Text, Assert.IsType<QueryDone>(steps[^1]).Answer.Text);

        Assert.Equal((4, 2), await RollBackAsync(second.Memory(memory), "2"));
        var conflict = await Assert.ThrowsAsync<ApiProblemException>(() => first.Memory(memory).RollBackAsync("1", new WriteOptions { IfVersion = 3 }));
        Assert.Equal("precondition_failed", conflict.Code);
        string[] causes = [.. (await first.Memory(memory).ListVersionsAsync()).Items.Select(version => version.Cause)];
        Assert.Equal(["rollback", "inject", "inject", "create"], causes);
    }

    private static async Task<(long Version, long From)> RollBackAsync(MemoryClient memory, string to)
    {
        RollbackAnswer answer = await memory.RollBackAsync(to);
        return (answer.Version, answer.RestoredFrom);
    }

    private IEnumerable<string> MemoriesOf(string owner, IReadOnlyDictionary<int, string> owners) =>
        Enumerable.Range(0, 1000).Select(i => $"every-{i}").Where(id => owners[cluster.Table.ShardOf(id)] == owner);

    private int IndexOf(string silo) => cluster.Stores.Select((store, i) => (store, i)).Single(s => s.store.Name == silo).i;
}
