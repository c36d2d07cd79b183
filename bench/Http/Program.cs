using System.Globalization;

namespace LatentDb.Http;

/// <summary>Measurements of the server as its clients meet it: <c>dotnet run -c Release --project bench/Http -- overhead</c>.</summary>
internal static class Program
{
    private const string Usage = "Usage: one of\n  overhead [requests = 4000]\n  sse [clients = 500] [seconds = 60] [server flags]";

    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["overhead"]: await Overhead.RunAsync(4000); return 0;
            case ["overhead", var requests]: await Overhead.RunAsync(Count(requests)); return 0;
            case ["sse"]: return await SseLoad.RunAsync(500, TimeSpan.FromSeconds(60), []);
            case ["sse", var clients, var seconds, .. var flags]: return await SseLoad.RunAsync(Count(clients), TimeSpan.FromSeconds(Count(seconds)), flags);
            default:
                await Console.Error.WriteLineAsync(Usage);
                return 2;
        }
    }

    private static int Count(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
