using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Silo.Tests.Client;

/// <summary>The C# of docs/guide.md; a test compares the two line by line.</summary>
internal static class GuideExample
{
    public static async Task RunAsync(Uri server)
    {
        using var http = new HttpClient { BaseAddress = server };
        var client = new LatentDbClient(http);
        await client.CreateMemoryAsync(new CreateMemoryRequest("carol"));
        MemoryClient memory = client.Memory("carol");
        InjectAnswer told = await memory.InjectAsync("Maria lives in Lisbon. Peter works as a baker.");
        var question = new QueryRequest { Messages = [new Message("user", "Where does Maria live?")], MaxTokens = 8 };
        await foreach (QueryStep step in memory.StreamAsync(question))
        {
            if (step is QueryText piece) Console.Write(piece.Text);
        }

        await memory.RollBackAsync("1", new WriteOptions { IfVersion = told.Version });
    }
}
