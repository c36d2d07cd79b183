using System.Net;
using System.Text.Json;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Client;

/// <summary>The typed client against the real server.</summary>
public sealed class LatentDbClientTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Facts = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";

    private static readonly QueryRequest Where = new() { Messages = [new Message("user", "Where does Maria live?")], MaxTokens = 8 };

    private LatentDbClient Client => fixture.Silo.Client;

    [Fact]
    public async Task The_whole_story_can_be_told_with_it()
    {
        string id = $"story-{Guid.NewGuid():N}";
        MemoryDescription created = await Client.CreateMemoryAsync(new CreateMemoryRequest(id, JsonSerializer.Deserialize<JsonElement>("""{"a":1}""")));
        MemoryClient memory = Client.Memory(id);
        InjectAnswer told = await memory.InjectAsync(Facts);
        QueryAnswer before = await memory.QueryAsync(Where);
        await memory.CreateSnapshotAsync("mark");
        await memory.InjectAsync(new InjectRequest { Text = "Maria moved to Oslo.", Seed = 5 }, new WriteOptions { IfVersion = told.Version });
        QueryAnswer after = await memory.QueryAsync(Where);
        RollbackAnswer back = await memory.RollBackAsync("mark");
        QueryAnswer again = await memory.QueryAsync(Where with { At = "head" });

        Assert.Equal(1, created.Metadata!.Value.GetProperty("a").GetInt32());
        Assert.Equal(["Lisbon", "Oslo", "Lisbon"], new[] { before.Text.Trim(), after.Text.Trim(), again.Text.Trim() });
        Assert.Equal((4L, 2L), (back.Version, back.RestoredFrom));
        Assert.Equal(["rollback", "inject", "inject", "create"], (await memory.ListVersionsAsync()).Items.Select(v => v.Cause));
        Assert.Equal(told.CommittedAt, (await memory.GetVersionAsync(2)).CommittedAt);
        Assert.Equal("mark", Assert.Single(await memory.ListSnapshotsAsync()).Name);
        await memory.DeleteSnapshotAsync("mark");
        await memory.EraseAsync();
        ApiProblemException gone = await Assert.ThrowsAsync<ApiProblemException>(() => memory.GetAsync());
        Assert.Equal("memory_not_found", gone.Code);
    }

    [Fact]
    public async Task A_stream_ends_with_the_whole_answer()
    {
        string id = await fixture.NewMemoryAsync();
        await Client.Memory(id).InjectAsync(Facts);
        string text = string.Empty;
        QueryAnswer? whole = null;

        await foreach (QueryStep step in Client.Memory(id).StreamAsync(Where))
        {
            if (step is QueryText piece) text += piece.Text;
            if (step is QueryDone done) whole = done.Answer;
        }

        Assert.Equal(whole!.Text, text);
        Assert.Equal("Lisbon", text.Trim());
    }

    [Fact]
    public async Task All_memories_are_enumerated_over_pages()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync();
        for (int i = 0; i < 60; i++) await silo.CreateAsync($"e{i:D2}");
        List<string> ids = [];

        await foreach (MemoryDescription memory in silo.Client.EnumerateMemoriesAsync()) ids.Add(memory.Id);

        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"e{i:D2}"), ids);
    }

    [Fact]
    public async Task A_refusal_carries_the_whole_problem()
    {
        string id = await fixture.NewMemoryAsync();

        ApiProblemException error = await Assert.ThrowsAsync<ApiProblemException>(() =>
            Client.Memory(id).InjectAsync(new InjectRequest { Text = Facts }, new WriteOptions { IfVersion = 7 }));

        Assert.Equal(HttpStatusCode.PreconditionFailed, error.Status);
        Assert.Equal("precondition_failed", error.Code);
        Assert.Equal("fix_request", error.Problem.Remedy);
        Assert.Contains("version 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_and_the_write_happens_once()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        int tries = 0;
        model.OnInject = (_, _) => ++tries < 3 ? throw new LatentDbException(ErrorCode.Overloaded, "No room.") { RetryAfter = TimeSpan.FromSeconds(1) } : Task.CompletedTask;
        var time = new LatentDb.Testing.ManualTimeProvider();
        var client = new LatentDbClient(silo.Http, new ClientOptions { Time = time });

        Task<InjectAnswer> injecting = client.Memory("bob").InjectAsync("one");
        while (!injecting.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(2, (await injecting).Version);
        Assert.Equal(3, tries);
        Assert.Equal(2, await silo.HeadAsync("bob"));
    }
}
