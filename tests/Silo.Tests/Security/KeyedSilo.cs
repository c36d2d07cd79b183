using LatentDb.Grains.Tests.Doubles;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Tests.Support;
using Microsoft.AspNetCore.Builder;

namespace LatentDb.Silo.Tests.Security;

/// <summary>A server with keys: an operator's, and what the tests make with it.</summary>
internal sealed class KeyedSilo : IAsyncDisposable
{
    private KeyedSilo(RunningSilo silo, string operatorKey)
    {
        Silo = silo;
        OperatorKey = operatorKey;
    }

    public RunningSilo Silo { get; }

    public string OperatorKey { get; }

    public static Task<KeyedSilo> StartAsync(params string[] more) => StartAsync(new EchoModelHost(), more);

    public static async Task<KeyedSilo> StartAsync(IModelHost model, params string[] more) => await WithFirstKeyAsync(await RunningSilo.StartAsync(model, more));

    public static async Task<KeyedSilo> StartAsync(Action<WebApplicationBuilder> adjust) => await WithFirstKeyAsync(await RunningSilo.StartAsync(new EchoModelHost(), adjust));

    private static async Task<KeyedSilo> WithFirstKeyAsync(RunningSilo silo)
    {
        Reply first = (await silo.PostAsync("/v1/admin/keys", """{"name":"first"}""")).Require(201);
        return new KeyedSilo(silo, first.Body.GetProperty("key").GetString()!);
    }

    public Task<Reply> SendAsync(string key, HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers) =>
        Silo.SendAsync(method, path, json is null ? null : RunningSilo.Json(json), [("Authorization", $"Bearer {key}"), .. headers]);

    public Task<Reply> GetAsync(string key, string path) => SendAsync(key, HttpMethod.Get, path);

    public Task<Reply> PostAsync(string key, string path, string json) => SendAsync(key, HttpMethod.Post, path, json);

    public Task<Reply> DeleteAsync(string key, string path) => SendAsync(key, HttpMethod.Delete, path);

    /// <summary>A new key of a tenant, which is made when it is not there.</summary>
    public async Task<string> NewKeyAsync(string role, string tenant = "default") => (await MakeKeyAsync(role, tenant)).Body.GetProperty("key").GetString()!;

    public async Task<Reply> MakeKeyAsync(string role, string tenant, string more = "")
    {
        if (tenant != "default") await PostAsync(OperatorKey, "/v1/admin/tenants", $$"""{"id":"{{tenant}}"}""");
        return (await SendAsync(OperatorKey, HttpMethod.Post, "/v1/keys", $$"""{"role":"{{role}}"{{more}}}""", ("X-Tenant-Id", tenant))).Require(201);
    }

    public static string IdOf(string key) => key.Split('_')[1];

    public ValueTask DisposeAsync() => Silo.DisposeAsync();
}
