using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Composition;
using LatentDb.Silo.Security;
using LatentDb.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LatentDb.Silo.Tests.Security;

/// <summary>The operator's secret of the environment, and what is left of keys when the process ends.</summary>
public sealed class AdminKeyTests
{
    private const string Secret = "an-operators-secret-of-the-environment";

    [Fact]
    public async Task An_admin_key_of_the_environment_opens_everything_on_any_address_and_keys_outlive_the_process()
    {
        using var data = new TempFolder();
        string key;
        await using (SiloProcess first = await StartAsync(data.Path, "--urls", "http://0.0.0.0:0"))
        {
            using HttpClient http = Client(first, Secret);
            using HttpClient nobody = Client(first, null);
            HttpResponseMessage made = await http.PostAsJsonAsync("/v1/keys", new { role = "writer" });
            key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;

            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/v1/me")).StatusCode);
            Assert.Contains("without TLS", first.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, first.Output, StringComparison.Ordinal);
            await first.KillAsync();
        }

        await using SiloProcess second = await SiloProcess.StartAsync(data.Path);
        using HttpClient again = Client(second, key);
        using HttpClient old = Client(second, Secret);

        Assert.Equal("writer", (await again.GetFromJsonAsync<JsonElement>("/v1/me")).GetProperty("role").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await old.GetAsync("/v1/me")).StatusCode);
    }

    [Theory]
    [InlineData("too-short")]
    [InlineData("with a blank in it, though it is long enough")]
    public void An_admin_key_that_could_be_guessed_or_not_be_sent_stops_the_start_and_is_not_said(string secret)
    {
        IConfigurationRoot settings = new ConfigurationBuilder().AddInMemoryCollection([new("LatentDb:AdminKey", secret)]).Build();

        LatentDbException error = Assert.Throws<LatentDbException>(() => SiloConfiguration.Read(settings, []));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
        Assert.DoesNotContain(secret, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--admin-key", Secret)]
    [InlineData($"--admin-key={Secret}")]
    [InlineData($"--AdminKey={Secret}")]
    public void An_admin_key_on_the_command_line_is_refused_and_not_said(params string[] arguments)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => SiloConfiguration.Read(new ConfigurationBuilder().Build(), arguments));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
        Assert.DoesNotContain(Secret, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_route_says_who_may_use_it_and_few_are_open()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();

        RouteEndpoint[] routes = [.. keyed.Silo.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

        Assert.Empty(routes.Where(r => r.Metadata.GetMetadata<RequiredRole>() is null).Select(r => r.DisplayName));
        Assert.Empty(routes.Where(r => r.Metadata.GetMetadata<RequiredRole>() is { Role: null } && r.RoutePattern.RawText!.StartsWith("/v1", StringComparison.Ordinal)).Select(r => r.DisplayName));
    }

    private static Task<SiloProcess> StartAsync(string data, params string[] more) =>
        SiloProcess.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["LATENTDB__ADMINKEY"] = Secret }, data, model: null, more);

    private static HttpClient Client(SiloProcess silo, string? key)
    {
        var http = new HttpClient { BaseAddress = new UriBuilder(silo.Address) { Host = "127.0.0.1" }.Uri };
        if (key is not null) http.DefaultRequestHeaders.Add("Authorization", $"Bearer {key}");
        return http;
    }
}
