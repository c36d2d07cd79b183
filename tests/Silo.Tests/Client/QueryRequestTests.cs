using System.Reflection;
using System.Text.Json;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Silo.Tests.Client;

/// <summary>What a caller of the client asks for is what the server is asked.</summary>
public sealed class QueryRequestTests
{
    [Fact]
    public void Every_property_of_a_query_is_sent()
    {
        var request = new QueryRequest
        {
            Prompt = "Where?",
            Messages = [new Message("user", "Where?")],
            MaxTokens = 3,
            Temperature = 0.5,
            TopP = 0.25,
            TopK = 7,
            RepetitionPenalty = 1.5,
            Seed = 9,
            Stop = ["."],
            Retrieve = false,
            At = "head",
        };

        JsonElement sent = JsonSerializer.SerializeToElement(QueryCall.Of(request, stream: null), ClientJson.Default.QueryCall);

        string[] properties = [.. typeof(QueryRequest).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name)];
        Assert.All(properties, p => Assert.NotNull(typeof(QueryRequest).GetProperty(p)!.GetValue(request)));
        Assert.Equal(properties.Select(JsonNamingPolicy.SnakeCaseLower.ConvertName).Order(StringComparer.Ordinal), sent.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.False(sent.GetProperty("retrieve").GetBoolean());
    }
}
