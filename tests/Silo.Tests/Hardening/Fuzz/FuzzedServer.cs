using System.Net.Http.Headers;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening.Fuzz;

/// <summary>
/// The server that is sent hostile requests, seen by its operator: keyed from the beginning, since a request that makes the first key would shut out all
/// others; cleared now and then of memories that were made on the way; asked at the end whether it still answers rightly.
/// </summary>
internal sealed class FuzzedServer : IDisposable
{
    private readonly HttpClient _http;

    private FuzzedServer(HttpClient http, string key, ApiDocument document)
    {
        _http = http;
        Authorization = "Bearer " + key;
        Document = document;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public Uri Address => _http.BaseAddress!;

    /// <summary>The value of the header.</summary>
    public string Authorization { get; }

    public ApiDocument Document { get; }

    public static async Task<FuzzedServer> PrepareAsync(Uri address)
    {
        var http = new HttpClient { BaseAddress = address };
        using var limit = new CancellationTokenSource(RawConnection.Patience);
        while (!(await http.GetAsync("/readyz", limit.Token)).IsSuccessStatusCode) await Task.Delay(10, limit.Token);
        var document = new ApiDocument(JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync("/openapi/v1.json", limit.Token)));
        Reply key = await Reply.OfAsync(await http.PostAsync("/v1/admin/keys", RunningSilo.Json("""{"name":"fuzz"}"""), limit.Token));
        var server = new FuzzedServer(http, key.Require(201).Body.GetProperty("key").GetString()!, document);
        await server.TidyAsync();
        return server;
    }

    /// <summary>Erases what the requests made beside the memories that they are about, and makes those again that they erased.</summary>
    public async Task TidyAsync()
    {
        while (true)
        {
            Reply page = (await AskAsync(HttpMethod.Get, "/v1/memories?limit=200")).Require(200);
            string[] strange = [.. page.Body.GetProperty("items").EnumerateArray().Select(m => m.GetProperty("id").GetString()!).Where(id => !Spices.Ids.Contains(id))];
            foreach (string id in strange) (await AskAsync(HttpMethod.Delete, $"/v1/memories/{id}")).Require(204);
            if (strange.Length == 0) break;
        }

        foreach (string id in Spices.Ids)
        {
            Reply made = await AskAsync(HttpMethod.Post, "/v1/memories", $$"""{"id":"{{id}}"}""");
            Assert.True(made.Status is 201 or 409, made.Text);
        }
    }

    public async Task RequireRightAnswersAsync()
    {
        const string id = "after-all";
        (await AskAsync(HttpMethod.Post, "/v1/memories", $$"""{"id":"{{id}}"}""")).Require(201);
        (await AskAsync(HttpMethod.Post, $"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon. Peter works as a baker."}""")).Require(200);
        Reply answer = await AskAsync(HttpMethod.Post, $"/v1/memories/{id}/query", """{"messages":[{"role":"user","content":"Where does Maria live?"}],"max_tokens":8}""");
        Assert.Equal("Lisbon", answer.Require(200).Body.GetProperty("text").GetString()!.Trim());
        (await AskAsync(HttpMethod.Delete, $"/v1/memories/{id}")).Require(204);
    }

    public void Dispose() => _http.Dispose();

    private async Task<Reply> AskAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : RunningSilo.Json(json) };
        using HttpResponseMessage response = await _http.SendAsync(request);
        return await Reply.OfAsync(response);
    }
}
