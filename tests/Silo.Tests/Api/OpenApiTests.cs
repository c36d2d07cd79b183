using System.Text.Json;
using LatentDb.Silo.Http;
using LatentDb.Silo.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LatentDb.Silo.Tests.Api;

/// <summary>The document that clients are made from says what the server does.</summary>
public sealed class OpenApiTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [Fact]
    public async Task Every_route_is_described_with_a_name_a_summary_and_its_answers()
    {
        JsonElement paths = (await DocumentAsync()).GetProperty("paths");
        IEnumerable<RouteEndpoint> routes = fixture.Silo.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith("/v1", StringComparison.Ordinal) || e.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null);

        foreach (RouteEndpoint route in routes)
        {
            string path = route.RoutePattern.RawText!.TrimEnd('/');
            foreach (string method in route.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods)
            {
                JsonElement operation = paths.GetProperty(path).GetProperty(method.ToLowerInvariant());
                Assert.NotEmpty(operation.GetProperty("operationId").GetString()!);
                Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
                Assert.Contains(operation.GetProperty("responses").EnumerateObject(), r => r.Name[0] == '2');
            }
        }
    }

    [Fact]
    public async Task Every_refusal_of_the_api_is_described_as_a_problem()
    {
        JsonElement paths = (await DocumentAsync()).GetProperty("paths");

        foreach (JsonProperty path in paths.EnumerateObject().Where(p => p.Name.StartsWith("/v1/", StringComparison.Ordinal)))
        {
            foreach (JsonProperty response in path.Value.EnumerateObject().SelectMany(o => o.Value.GetProperty("responses").EnumerateObject()).Where(r => r.Name[0] != '2'))
            {
                bool isOpenAi = path.Name.StartsWith("/v1/chat", StringComparison.Ordinal) || path.Name.StartsWith("/v1/models", StringComparison.Ordinal);
                JsonElement content = response.Value.GetProperty("content").GetProperty(isOpenAi ? "application/json" : ProblemWriter.ContentType);
                Assert.Equal($"#/components/schemas/{(isOpenAi ? "OpenAiErrorBody" : "ApiProblem")}", content.GetProperty("schema").GetProperty("$ref").GetString());
            }
        }
    }

    [Theory]
    [InlineData("/v1/memories", "get", "limit cursor")]
    [InlineData("/v1/memories/{id}/versions", "get", "id limit cursor")]
    [InlineData("/v1/memories/{id}/inject", "post", "id If-Match Idempotency-Key Prefer")]
    [InlineData("/v1/memories/{id}/rollback", "post", "id If-Match Idempotency-Key")]
    public async Task Parameters_of_address_and_headers_are_described(string path, string method, string names)
    {
        JsonElement operation = (await DocumentAsync()).GetProperty("paths").GetProperty(path).GetProperty(method);

        Assert.Equal(names, string.Join(' ', operation.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString())));
    }

    [Fact]
    public async Task A_streamed_answer_is_described_beside_the_whole_one()
    {
        JsonElement content = (await DocumentAsync()).GetProperty("paths").GetProperty("/v1/memories/{id}/query").GetProperty("post")
            .GetProperty("responses").GetProperty("200").GetProperty("content");

        Assert.True(content.TryGetProperty("application/json", out _));
        Assert.True(content.TryGetProperty("text/event-stream", out _));
    }

    private async Task<JsonElement> DocumentAsync() => (await fixture.Silo.GetAsync("/openapi/v1.json")).Require(200).Body;
}
