using System.Text.Json;
using LatentDb.Silo.Tests.Hardening.Fuzz;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>Every number in every body of the API, with every value that is hard to be a number: taken for what it is, or refused; never a 5xx, never anything written.</summary>
public sealed class NumberTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private static readonly string[] Hard =
    [
        "NaN", "Infinity", "-Infinity", "\"NaN\"", "\"Infinity\"", "1e400", "-1e400", "1e-400", "4.9e-324", "1e-45", "-1e-45", "1.1754942e-38", "3.4028235e38", "3.5e38", "1e38", "-0", "-0.0", "0.0", "1e0", "1e1",
        "2147483647", "2147483648", "-2147483648", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e1000000000", "1e-1000000000",
        "0.1", "-1", "00", "01", "+1", ".5", "5.", "0x10", "1_000", "१", "null", "true", "[]", "{}",
    ];

    [Fact]
    public async Task A_hard_number_is_taken_or_refused_wherever_the_api_takes_one()
    {
        var document = new ApiDocument((await fixture.Silo.GetAsync("/openapi/v1.json")).Require(200).Body);
        string id = await fixture.NewMemoryAsync();
        int sent = 0;
        foreach (ApiOperation operation in document.Operations.Where(o => o.Body is not null && o.BodyType == "application/json" && !o.Path.StartsWith("/v1/keys", StringComparison.Ordinal) && !o.Path.StartsWith("/v1/admin", StringComparison.Ordinal)))
        {
            JsonElement schema = document.Resolve(operation.Body!.Value);
            if (!schema.TryGetProperty("properties", out _)) continue; // Any JSON: a protocol of its own.
            string[] numbers = [.. schema.GetProperty("properties").EnumerateObject().Where(p => ApiDocument.TypeOf(document.Resolve(p.Value)) is "integer" or "number" or "object").Select(p => p.Name)];
            foreach ((string name, string value) in numbers.SelectMany(n => Hard.Select(v => (n, v))))
            {
                Reply reply = await fixture.Silo.PostAsync(operation.Path.Replace("{id}", id, StringComparison.Ordinal), BodyOf(operation, schema, name, value));

                Assert.True(reply.Status is 200 or 201 or 404 or (>= 400 and < 500), $"{operation.Path} with {name} {value}: {reply.Status} {reply.Text}");
                sent++;
            }
        }

        Assert.True(sent > 10 * Hard.Length, $"Only {sent} bodies have numbers.");
    }

    [Theory]
    [InlineData("temperature", "1e-45")]
    [InlineData("temperature", "1.1754942e-38")]
    [InlineData("temperature", "1e-400")]
    [InlineData("top_p", "1e-45")]
    [InlineData("top_p", "0.99999997")]
    [InlineData("repetition_penalty", "1e-45")]
    [InlineData("repetition_penalty", "1.1754942e-38")]
    [InlineData("top_k", "2147483647")]
    public async Task The_smallest_and_largest_settings_still_sample_text(string name, string value)
    {
        string id = await fixture.NewMemoryAsync();
        string temperature = name == "temperature" ? string.Empty : "\"temperature\":1,";

        Reply reply = await fixture.Silo.PostAsync($"/v1/memories/{id}/query", $$"""{"prompt":"Maria lives in",{{temperature}}"max_tokens":8,"{{name}}":{{value}}}""");

        reply.Require(200);
        Assert.InRange(reply.Body.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 1, 8);
    }

    /// <summary>A body with what is needed to get as far as that number.</summary>
    private static string BodyOf(ApiOperation operation, JsonElement schema, string name, string value)
    {
        List<string> parts = [$"\"{name}\":{value}"];
        void Add(string property, string json)
        {
            if (property != name && schema.GetProperty("properties").TryGetProperty(property, out _)) parts.Add($"\"{property}\":{json}");
        }

        if (operation.Path.EndsWith("/query", StringComparison.Ordinal)) Add("prompt", "\"Maria\"");
        else if (operation.Path.EndsWith("/inject", StringComparison.Ordinal)) Add("text", "\"Maria lives in Lisbon.\"");
        else Add("messages", """[{"role":"user","content":"Maria"}]""");
        Add("name", "\"mark\"");
        if (operation.Path.EndsWith("/completions", StringComparison.Ordinal)) Add("model", "\"small\"");
        if (name is not "max_tokens") Add("max_tokens", "1");
        return "{" + string.Join(',', parts) + "}";
    }
}
