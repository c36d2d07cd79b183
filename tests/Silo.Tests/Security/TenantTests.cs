using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Security;

/// <summary>Tenants: made, suspended, taken away, and acted for.</summary>
public sealed class TenantTests
{
    [Fact]
    public async Task A_tenants_key_opens_its_own_memories_and_nobody_elses()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string acme = await keyed.NewKeyAsync("admin", "acme");
        string other = await keyed.NewKeyAsync("admin", "other");
        (await keyed.PostAsync(acme, "/v1/memories", """{"id":"bob"}""")).Require(201);

        (await keyed.GetAsync(other, "/v1/memories/bob")).RequireProblem(404, "memory_not_found");
        (await keyed.PostAsync(other, "/v1/memories", """{"id":"bob"}""")).Require(201);
        (await keyed.DeleteAsync(other, "/v1/memories/bob")).Require(204);

        (await keyed.GetAsync(acme, "/v1/memories/bob")).Require(200);
    }

    [Fact]
    public async Task An_operator_acts_for_the_tenant_that_he_names_and_nobody_else_may_name_one()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string acme = await keyed.NewKeyAsync("admin", "acme");
        (await keyed.SendAsync(keyed.OperatorKey, HttpMethod.Post, "/v1/memories", """{"id":"bob"}""", ("X-Tenant-Id", "acme"))).Require(201);

        (await keyed.GetAsync(acme, "/v1/memories/bob")).Require(200);
        (await keyed.GetAsync(keyed.OperatorKey, "/v1/memories/bob")).RequireProblem(404, "memory_not_found");
        (await keyed.SendAsync(acme, HttpMethod.Get, "/v1/me", null, ("X-Tenant-Id", "acme"))).RequireProblem(403, "forbidden");
        (await keyed.SendAsync(keyed.OperatorKey, HttpMethod.Get, "/v1/me", null, ("X-Tenant-Id", "nobody"))).RequireProblem(404, "tenant_not_found");
    }

    [Fact]
    public async Task A_suspended_tenants_keys_open_nothing_until_it_is_taken_back()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string acme = await keyed.NewKeyAsync("reader", "acme");

        (await keyed.SendAsync(keyed.OperatorKey, HttpMethod.Patch, "/v1/admin/tenants/acme", """{"suspended":true}""")).Require(200);
        (await keyed.GetAsync(acme, "/v1/me")).RequireProblem(403, "tenant_suspended");
        (await keyed.SendAsync(keyed.OperatorKey, HttpMethod.Patch, "/v1/admin/tenants/acme", """{"suspended":false}""")).Require(200);

        (await keyed.GetAsync(acme, "/v1/me")).Require(200);
    }

    [Fact]
    public async Task A_tenant_with_memories_is_not_taken_away_and_without_them_its_keys_go_too()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string acme = await keyed.NewKeyAsync("admin", "acme");
        (await keyed.PostAsync(acme, "/v1/memories", """{"id":"bob"}""")).Require(201);

        (await keyed.DeleteAsync(keyed.OperatorKey, "/v1/admin/tenants/acme")).RequireProblem(409, "tenant_in_use");
        (await keyed.DeleteAsync(acme, "/v1/memories/bob")).Require(204);
        (await keyed.DeleteAsync(keyed.OperatorKey, "/v1/admin/tenants/acme")).Require(204);

        (await keyed.GetAsync(acme, "/v1/me")).RequireProblem(401, "unauthenticated");
        (await keyed.DeleteAsync(keyed.OperatorKey, "/v1/admin/tenants/default")).RequireProblem(409, "tenant_in_use");
    }

    [Fact]
    public async Task Tenants_are_listed_with_what_they_use()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string acme = await keyed.NewKeyAsync("writer", "acme");
        (await keyed.PostAsync(acme, "/v1/memories", """{"id":"bob"}""")).Require(201);

        Reply list = (await keyed.GetAsync(keyed.OperatorKey, "/v1/admin/tenants")).Require(200);

        Assert.Equal(["acme 1", "default 0"], list.Body.GetProperty("items").EnumerateArray().Select(t => $"{t.GetProperty("id").GetString()} {t.GetProperty("memories").GetInt64()}"));
    }

    [Theory]
    [InlineData("reader", "POST", "/v1/memories")]
    [InlineData("writer", "GET", "/v1/keys")]
    [InlineData("writer", "DELETE", "/v1/memories/bob")]
    [InlineData("admin", "GET", "/v1/admin/tenants")]
    [InlineData("admin", "GET", "/v1/admin/keys")]
    [InlineData("admin", "POST", "/v1/admin/store/compact")]
    public async Task A_role_that_is_too_low_is_refused_before_anything_else(string role, string method, string path)
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync(role);

        (await keyed.SendAsync(key, HttpMethod.Parse(method), path)).RequireProblem(403, "forbidden");
    }
}
