using System.Net.Http.Headers;
using System.Text.Json;
using LatentDb.Browser.Support;
using Microsoft.Playwright;

namespace LatentDb.Browser;

/// <summary>A server with keys: who gets in, what he sees, and how keys come and go.</summary>
[Collection(ChromiumTests.Name)]
public sealed class AccessJourneys(Chromium chromium) : IAsyncLifetime
{
    private ServedConsole _server = null!;
    private string _operatorKey = string.Empty;

    public async Task InitializeAsync()
    {
        _server = await ServedConsole.StartAsync();
        await _server.TellAsync("alice", "Maria lives in Lisbon. Peter works as a baker.");
        _operatorKey = (await _server.PostAsync("/v1/admin/keys", new { name = "root" })).GetProperty("key").GetString()!;
        _server.Api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _operatorKey);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [RequiresChromiumFact]
    public async Task A_wrong_key_is_refused_with_a_reason_and_the_right_one_opens_the_console()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        console.Expect("401");
        await console.GoAsync();
        await console.SignInAsync("ldb_this_is_no_key");
        await console.SeesAsync("Sign in with a key that is valid.");

        await console.SignInAsync(_operatorKey);

        await console.SeesAsync(console.Page.GetByRole(AriaRole.Link, new() { Name = "alice" }));
        await console.Page.ReloadAsync();
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Link, new() { Name = "alice" }));
        Assert.Equal("{}", await console.Page.EvaluateAsync<string>("() => JSON.stringify(localStorage)"));
        await console.Button("Sign out").ClickAsync();
        await console.SeesAsync(console.Field("API key"));
    }

    [RequiresChromiumFact]
    public async Task A_reader_asks_but_is_not_offered_to_write()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        console.Expect("401");
        await console.GoAsync();
        await console.SignInAsync(await MakeKeyAsync("reader"));

        await console.Page.GetByRole(AriaRole.Link, new() { Name = "alice" }).ClickAsync();

        Assert.Equal("Lisbon", await console.AskAsync("Where does Maria live?"));
        foreach (string verb in (string[])["Snapshot", "Fork", "Erase", "New memory"]) await Assertions.Expect(console.Button(verb)).ToHaveCountAsync(0);
        await Assertions.Expect(console.Tab("Add text")).ToHaveCountAsync(0);
        await Assertions.Expect(console.Page.GetByRole(AriaRole.Link, new() { Name = "Keys" })).ToHaveCountAsync(0);
    }

    [RequiresChromiumFact]
    public async Task A_key_is_made_shown_once_rotated_and_revoked()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        console.Expect("401");
        await console.GoAsync();
        await console.SignInAsync(_operatorKey);
        await console.Page.GetByRole(AriaRole.Link, new() { Name = "Keys" }).ClickAsync();
        await console.Button("New key").ClickAsync();
        await console.Field("Name").FillAsync("ci");
        await console.Field("Role").SelectOptionAsync("writer");
        await console.Confirm("Make key").ClickAsync();
        string secret = await console.Field("The key").InputValueAsync();
        Assert.StartsWith("ldb_", secret, StringComparison.Ordinal);
        await console.Confirm("Done").ClickAsync();
        await console.SeesAsync(console.Button("Rotate ci"));
        Assert.DoesNotContain(secret, await console.Page.ContentAsync(), StringComparison.Ordinal);

        await console.Button("Rotate ci").ClickAsync();
        await console.Field("The old key ends").SelectOptionAsync("at once");
        await console.Confirm("Rotate").ClickAsync();
        string successor = await console.Field("The key").InputValueAsync();
        await console.Confirm("Done").ClickAsync();
        Assert.Equal(401, await StatusAsync(secret));
        Assert.Equal(200, await StatusAsync(successor));

        await console.Button("Revoke ci").ClickAsync();
        await console.Confirm("Revoke").ClickAsync();
        await Assertions.Expect(console.Button("Revoke ci")).ToHaveCountAsync(0);
        Assert.Equal(401, await StatusAsync(successor));
    }

    [RequiresChromiumFact]
    public async Task What_was_done_and_used_is_shown_and_the_log_is_verified()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        console.Expect("401");
        await console.GoAsync();
        await console.SignInAsync(_operatorKey);
        await console.Page.GetByRole(AriaRole.Link, new() { Name = "Audit" }).ClickAsync();
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "inject" }).GetByText("alice"));
        Assert.DoesNotContain("Lisbon", await console.Page.InnerTextAsync("main"), StringComparison.Ordinal);

        await console.Button("Verify").ClickAsync();
        await console.SeesAsync("none edited, taken away or moved");
        await console.Field("All tenants").CheckAsync();
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Columnheader, new() { Name = "Tenant" }));

        await console.Page.GetByRole(AriaRole.Link, new() { Name = "Activity" }).ClickAsync();
        await console.SeesAsync("Usage of default");
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Region, new() { Name = "Requests", Exact = true }).GetByText("/s"));
    }

    [RequiresChromiumFact]
    public async Task Who_loses_his_key_is_told_at_his_next_step()
    {
        await using ConsolePage console = await chromium.OpenAsync(_server.Address);
        console.Expect("401");
        await console.GoAsync();
        string key = await MakeKeyAsync("admin");
        await console.SignInAsync(key);
        await console.SeesAsync(console.Page.GetByRole(AriaRole.Link, new() { Name = "alice" }));
        using HttpResponseMessage revoked = await _server.Api.DeleteAsync($"/v1/keys/{key.Split('_')[1]}");
        Assert.True(revoked.IsSuccessStatusCode);

        await console.Page.GetByRole(AriaRole.Link, new() { Name = "alice" }).ClickAsync();

        await console.SeesAsync(console.Field("API key"));
        await console.SeesAsync("Sign in with a key that is valid.");
    }

    private async Task<string> MakeKeyAsync(string role)
    {
        JsonElement made = await _server.PostAsync("/v1/keys", new { name = "test", role });
        return made.GetProperty("key").GetString()!;
    }

    private async Task<int> StatusAsync(string key)
    {
        using var http = new HttpClient { BaseAddress = _server.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage answer = await http.GetAsync("/v1/memories");
        return (int)answer.StatusCode;
    }
}
