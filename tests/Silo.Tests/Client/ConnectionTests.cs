using System.Collections.Concurrent;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Client;

/// <summary>What the client sends, and what it does when connections break, against the real server.</summary>
public sealed class ConnectionTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private static readonly ClientOptions Fast = new() { FirstRetryDelay = TimeSpan.FromMilliseconds(1) };

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_sent_again_and_written_once()
    {
        string id = await fixture.NewMemoryAsync();
        using var wire = new FaultyWire { LoseAnswer = attempt => attempt == 1 };
        using HttpClient http = wire.Over(fixture.Silo);

        InjectAnswer answer = await new LatentDbClient(http, Fast).Memory(id).InjectAsync("Maria lives in Lisbon. Peter works as a baker.");

        Assert.Equal(2, wire.Requests.Count);
        Assert.Equal((2L, true), (answer.Version, answer.IsReplay));
        Assert.Equal(2, await fixture.Silo.HeadAsync(id));
    }

    [Fact]
    public async Task A_read_survives_broken_connections_up_to_the_last_try()
    {
        string id = await fixture.NewMemoryAsync();
        using var wire = new FaultyWire { LoseAnswer = attempt => attempt < 4 };
        using HttpClient http = wire.Over(fixture.Silo);

        Assert.Equal(1, (await new LatentDbClient(http, Fast).Memory(id).GetAsync()).Version);
        Assert.Equal(4, wire.Requests.Count);

        using var dead = new FaultyWire { LoseAnswer = _ => true };
        using HttpClient gone = dead.Over(fixture.Silo);
        await Assert.ThrowsAsync<HttpRequestException>(() => new LatentDbClient(gone, Fast).Memory(id).GetAsync());
        Assert.Equal(4, dead.Requests.Count);
    }

    [Fact]
    public async Task Every_write_has_an_idempotency_key_of_its_own_that_its_tries_share()
    {
        string id = $"keys-{Guid.NewGuid():N}";
        using var wire = new FaultyWire();
        using HttpClient http = wire.Over(fixture.Silo);
        var client = new LatentDbClient(http, Fast);
        MemoryClient memory = client.Memory(id);
        using var archive = new MemoryStream();

        await client.CreateMemoryAsync(new CreateMemoryRequest(id));
        await memory.InjectAsync("Maria lives in Lisbon. Peter works as a baker.");
        await memory.CreateSnapshotAsync("mark");
        await memory.DeleteSnapshotAsync("mark");
        await memory.RollBackAsync("1");
        await memory.ForkAsync(new ForkRequest($"{id}-fork"));
        await memory.ExportAsync(archive);
        archive.Position = 0;
        await client.ImportAsync(archive, new ImportOptions { Id = $"{id}-import" });
        await memory.EraseAsync(new WriteOptions { IdempotencyKey = "mine" });

        string?[] keys = [.. wire.Requests.Where(r => r.Method != HttpMethod.Get).Select(r => r.Key)];
        Assert.Equal(8, keys.Length);
        Assert.All(keys, Assert.NotNull);
        Assert.Equal(8, keys.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal("mine", keys[^1]);
        Assert.All(wire.Requests.Where(r => r.Method == HttpMethod.Get), r => Assert.Null(r.Key));
    }

    [Fact]
    public async Task Key_and_tenant_go_with_every_request_and_into_no_text()
    {
        using var wire = new FaultyWire();
        using HttpClient http = wire.Over(fixture.Silo);
        ClientOptions options = Fast with { ApiKey = "ldb_id_secret_sum", Tenant = "acme" };
        var client = new LatentDbClient(http, options);

        await Assert.ThrowsAsync<ApiProblemException>(() => client.Memory("nobody").GetAsync());

        Assert.Equal(("Bearer ldb_id_secret_sum", "acme"), (wire.Requests.Single().Authorization, wire.Requests.Single().Tenant));
        Assert.DoesNotContain("secret", options.ToString(), StringComparison.Ordinal);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new LatentDbClient(http, options with { ApiKey = "secret\n" }));
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Passes requests on, keeps what matters of them, and loses answers that the server has given.</summary>
    private sealed class FaultyWire : DelegatingHandler
    {
        private int _attempts;

        public FaultyWire()
            : base(new SocketsHttpHandler())
        {
        }

        public Func<int, bool> LoseAnswer { get; init; } = _ => false;

        public ConcurrentQueue<Sent> Requests { get; } = new();

        public HttpClient Over(RunningSilo silo) => new(this, disposeHandler: false) { BaseAddress = silo.Http.BaseAddress };

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Enqueue(new Sent(request.Method, Header(request, "Idempotency-Key"), Header(request, "Authorization"), Header(request, "X-Tenant-Id")));
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            if (!LoseAnswer(++_attempts)) return response;
            response.Dispose();
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke.");
        }

        private static string? Header(HttpRequestMessage request, string name) =>
            request.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;
    }

    private sealed record Sent(HttpMethod Method, string? Key, string? Authorization, string? Tenant);
}
