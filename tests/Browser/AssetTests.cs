using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using LatentDb.Browser.Support;
using Xunit.Abstractions;

namespace LatentDb.Browser;

/// <summary>The files of the console as they go over the wire, and how soon something is to be seen.</summary>
[Collection(ChromiumTests.Name)]
public sealed partial class AssetTests(Chromium chromium, ITestOutputHelper output) : IAsyncLifetime
{
    private ServedConsole _server = null!;

    public async Task InitializeAsync() => _server = await ServedConsole.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_page_forbids_everything_that_is_not_its_own()
    {
        using HttpResponseMessage page = await _server.Api.GetAsync("/");

        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType!.ToString());
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("require-trusted-types-for 'script'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    public async Task A_file_is_compressed_as_the_caller_likes_and_not_sent_twice(string encoding)
    {
        string plain = await _server.Api.GetStringAsync("/console/styles/base.css");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console/styles/base.css") { Headers = { { "Accept-Encoding", encoding } } };
        using HttpResponseMessage packed = await _server.Api.SendAsync(request);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/console/styles/base.css") { Headers = { { "Accept-Encoding", encoding }, { "If-None-Match", packed.Headers.ETag!.Tag } } };
        using HttpResponseMessage unchanged = await _server.Api.SendAsync(again);

        Assert.Equal(encoding, packed.Content.Headers.ContentEncoding.Single());
        Assert.Equal(plain, await UnpackAsync(await packed.Content.ReadAsStreamAsync(), encoding));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Empty(await unchanged.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_is_no_file_of_the_console_is_a_problem()
    {
        using HttpResponseMessage answer = await _server.Api.GetAsync("/console/app/../../appsettings.json");
        using HttpResponseMessage missing = await _server.Api.GetAsync("/console/app/nothing.js");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("application/problem+json", missing.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Every_file_that_the_page_and_its_modules_name_is_there_and_all_are_light()
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var open = new Stack<Uri>([new Uri(_server.Address, "/")]);
        while (open.TryPop(out Uri? address))
        {
            if (seen.ContainsKey(address.AbsolutePath)) continue;
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept-Encoding", "br" } } };
            using HttpResponseMessage file = await _server.Api.SendAsync(request);
            Assert.True(file.IsSuccessStatusCode, $"{address} is not there");
            seen[address.AbsolutePath] = (await file.Content.ReadAsByteArrayAsync()).Length;
            string text = await _server.Api.GetStringAsync(address);
            Assert.DoesNotContain("://", Link().Matches(text).Select(m => m.Groups[1].Value).Aggregate(string.Empty, (a, b) => a + b), StringComparison.Ordinal);
            foreach (Match link in Link().Matches(text)) open.Push(new Uri(address, link.Groups[1].Value));
        }

        output.WriteLine($"{seen.Count} files, {seen.Values.Sum()} bytes compressed");
        Assert.InRange(seen.Values.Sum(), 1, 64 * 1024);
    }

    [RequiresChromiumFact]
    public async Task The_first_paint_is_reported()
    {
        await _server.TellAsync("alice", "Maria lives in Lisbon. Peter works as a baker.");
        List<double> paints = [];
        for (int i = 0; i < 5; i++)
        {
            await using ConsolePage console = await chromium.OpenAsync(_server.Address);
            await console.GoAsync();
            await console.SeesAsync("alice");
            paints.Add(await console.Page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"));
        }

        paints.Sort();
        output.WriteLine($"first contentful paint: median {paints[2]:F0} ms, worst {paints[4]:F0} ms");
        Assert.All(paints, paint => Assert.True(paint > 0));
    }

    private static async Task<string> UnpackAsync(Stream packed, string encoding)
    {
        await using Stream plain = encoding == "br" ? new BrotliStream(packed, CompressionMode.Decompress) : new GZipStream(packed, CompressionMode.Decompress);
        using var reader = new StreamReader(plain);
        return await reader.ReadToEndAsync();
    }

    /// <summary>What a page or a module loads.</summary>
    [GeneratedRegex("""(?:href="|src="|from ')([./][^"'#]*\.(?:js|css|svg))["']""")]
    private static partial Regex Link();
}
