// A chat agent that remembers what its user says, across restarts, without putting it into the prompt again.
// Start a server ('dotnet run --project src/Silo'), then: dotnet run --project examples/ChatAgent -- alice
using LatentDb.Client;
using LatentDb.Client.Extensions;
using LatentDb.Client.Models;
using Microsoft.Extensions.AI;

string name = args.Length > 0 ? args[0] : "agent";
using var http = new HttpClient
{
    BaseAddress = new Uri(Environment.GetEnvironmentVariable("LATENTDB_SERVER") ?? "http://127.0.0.1:5080"),
    Timeout = Timeout.InfiniteTimeSpan,
};
var client = new LatentDbClient(http, new ClientOptions { ApiKey = Environment.GetEnvironmentVariable("LATENTDB_API_KEY") });
await EnsureMemoryAsync(client, name).ConfigureAwait(false);

// What the user tells is written into the memory; what the model says is not, so that it never comes to believe its own mistakes.
using IChatClient chat = new MemoryChatClient(client.Memory(name), new MemoryChatOptions { Writes = MemoryChatWrites.User });
var options = new ChatOptions { MaxOutputTokens = 32 };
while (await Console.In.ReadLineAsync().ConfigureAwait(false) is { Length: > 0 } line)
{
    await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(line, options).ConfigureAwait(false)) Console.Write(update.Text);
    Console.WriteLine();
}

static async Task EnsureMemoryAsync(LatentDbClient client, string name)
{
    try
    {
        await client.CreateMemoryAsync(new CreateMemoryRequest(name)).ConfigureAwait(false);
    }
    catch (ApiProblemException error) when (error.Code == "memory_exists")
    {
        // The agent has met this user before.
    }
}
