using System.Text.Json;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;
using LatentDb.Silo.Tests.Support;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LatentDb.Silo.Tests.OpenApi;

/// <summary>The OpenAPI document can be used as it stands: what it shows can be sent, and it says who may send it.</summary>
public sealed class ExampleTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Json = "application/json";

    [Fact]
    public async Task The_document_says_its_version_licence_server_tags_and_key()
    {
        JsonElement document = await DocumentAsync();

        Assert.StartsWith("3.1.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal("MIT", document.GetProperty("info").GetProperty("license").GetProperty("identifier").GetString());
        Assert.Equal("/", Assert.Single(document.GetProperty("servers").EnumerateArray()).GetProperty("url").GetString());
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("scheme").GetString());
        Assert.True(Assert.Single(document.GetProperty("security").EnumerateArray()).TryGetProperty("bearer", out _));
        string[] tags = [.. document.GetProperty("tags").EnumerateArray().Where(t => t.GetProperty("description").GetString()!.Length > 0).Select(t => t.GetProperty("name").GetString()!)];
        Assert.All(Operations(document), o => Assert.Contains(Assert.Single(o.GetProperty("tags").EnumerateArray()).GetString(), tags));
    }

    [Fact]
    public async Task Only_what_is_open_to_all_asks_for_no_key()
    {
        IEnumerable<string> open = Routes().Where(r => r.Metadata.GetRequiredMetadata<RequiredRole>().Role is null).Select(NameOf);

        IEnumerable<string> keyless = Operations(await DocumentAsync()).Where(o => o.TryGetProperty("security", out JsonElement security) && security.GetArrayLength() == 0).Select(IdOf);

        Assert.Equal(open.Order(StringComparer.Ordinal), keyless.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_body_has_an_example_that_the_server_can_read()
    {
        Dictionary<string, JsonElement> bodies = Operations(await DocumentAsync())
            .Where(o => o.TryGetProperty("requestBody", out JsonElement body) && body.GetProperty("content").TryGetProperty(Json, out _))
            .ToDictionary(IdOf, o => o.GetProperty("requestBody").GetProperty("content").GetProperty(Json), StringComparer.Ordinal);
        RouteEndpoint[] takers = [.. Routes().Where(r => r.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes.Contains(Json) is true)];

        Assert.Equal(takers.Select(NameOf).Order(StringComparer.Ordinal), bodies.Keys.Order(StringComparer.Ordinal));
        foreach (RouteEndpoint taker in takers)
        {
            Assert.True(bodies[NameOf(taker)].TryGetProperty("example", out JsonElement example), $"{NameOf(taker)} has no example of its body.");
            Assert.NotNull(example.Deserialize(taker.Metadata.GetRequiredMetadata<IAcceptsMetadata>().RequestType!, ApiJson.Options));
        }
    }

    [Fact]
    public async Task Every_answer_in_JSON_has_an_example()
    {
        IEnumerable<string> without =
            from operation in Operations(await DocumentAsync())
            from response in operation.GetProperty("responses").EnumerateObject()
            where response.Name[0] == '2' && response.Value.TryGetProperty("content", out JsonElement content)
                && content.TryGetProperty(Json, out JsonElement media) && !media.TryGetProperty("example", out _)
            select $"{IdOf(operation)} {response.Name}";

        Assert.Empty(without);
    }

    [Fact]
    public async Task No_example_is_left_of_an_operation_that_is_gone()
    {
        HashSet<string> operations = [.. Operations(await DocumentAsync()).Select(IdOf)];

        Assert.Empty(OperationExamples.Operations.Except(operations, StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_examples_of_a_memory_can_be_sent_one_after_the_other()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync();
        (string Path, string Operation, int Status)[] story =
        [
            ("/v1/memories", "createMemory", 201),
            ("/v1/memories/alice/inject", "inject", 200),
            ("/v1/memories/alice/inject/batch", "injectBatch", 200),
            ("/v1/memories/alice/query", "query", 200),
            ("/v1/memories/alice/snapshots", "createSnapshot", 201),
            ("/v1/memories/alice/rollback", "rollback", 200),
            ("/v1/memories/alice/fork", "forkMemory", 201),
            ("/v1/chat/completions", "createChatCompletion", 200),
            ("/v1/admin/store/rotate-keys", "rotateKeys", 200),
            ("/v1/admin/tenants", "createTenant", 201),
            ("/v1/admin/keys", "createOperatorKey", 201),
        ];

        foreach ((string path, string operation, int status) in story)
        {
            (await silo.PostAsync(path, OperationExamples.Request(operation)!.ToJsonString())).Require(status);
        }

        silo.Logs.AssertOnly();
    }

    private static IEnumerable<JsonElement> Operations(JsonElement document) => document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject()).Select(o => o.Value);

    private static string IdOf(JsonElement operation) => operation.GetProperty("operationId").GetString()!;

    private static string NameOf(RouteEndpoint route) => route.Metadata.GetRequiredMetadata<IEndpointNameMetadata>().EndpointName;

    private IEnumerable<RouteEndpoint> Routes() => fixture.Silo.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(e => e.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null);

    private async Task<JsonElement> DocumentAsync() => (await fixture.Silo.GetAsync("/openapi/v1.json")).Require(200).Body;
}
