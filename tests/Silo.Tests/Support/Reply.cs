using System.Net.Http.Headers;
using System.Text.Json;

namespace LatentDb.Silo.Tests.Support;

/// <summary>An answer with its body read.</summary>
internal sealed record Reply(int Status, string? ContentType, HttpResponseHeaders Headers, string Text)
{
    public JsonElement Body => JsonSerializer.Deserialize<JsonElement>(Text);

    public static async Task<Reply> OfAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers, await response.Content.ReadAsStringAsync());

    public Reply Require(int status)
    {
        Assert.True(Status == status, $"{Status} instead of {status}: {Text}");
        return this;
    }

    /// <summary>A problem of that status and code, in every field as promised.</summary>
    public Reply RequireProblem(int status, string code)
    {
        Require(status);
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal($"urn:latentdb:problem:{code}", Body.GetProperty("type").GetString());
        Assert.Equal(code, Body.GetProperty("code").GetString());
        Assert.Equal(status, Body.GetProperty("status").GetInt32());
        Assert.NotEmpty(Body.GetProperty("title").GetString()!);
        Assert.NotEmpty(Body.GetProperty("detail").GetString()!);
        Assert.Equal(Headers.GetValues("X-Request-Id").Single(), Body.GetProperty("request_id").GetString());
        return this;
    }
}
