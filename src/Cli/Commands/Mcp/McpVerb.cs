using System.CommandLine;
using System.Text;
using LatentDb.Cli.Settings;

namespace LatentDb.Cli.Commands.Mcp;

/// <summary>mcp: a server of the Model Context Protocol on standard streams, for hosts that start programs.</summary>
internal static class McpVerb
{
    public static Command Create(CliSettings settings)
    {
        var memory = new Option<string?>("--memory") { Description = "The one memory that the tools are about; without it each call names one.", HelpName = "id" };
        var create = new Option<bool>("--create") { Description = "Make the memory when something is remembered and it is missing." };
        var forget = new Option<bool>("--allow-forget") { Description = "Offer the tool that erases the memory for good." };
        var command = new Command("mcp", "Serve the tools of a memory to a host of the Model Context Protocol, over standard input and output.") { memory, create, forget };
        command.SetAction((parsed, cancellationToken) => VerbRunner.GuardAsync(settings.IsJson(parsed), async () =>
        {
            using HttpClient http = settings.Target(parsed).ConnectWithKey();
            if (parsed.GetValue(memory) is { } id) http.DefaultRequestHeaders.Add("X-Memory-Id", Checked(id));
            if (parsed.GetValue(create)) http.DefaultRequestHeaders.Add("X-Memory-Create", "true");
            if (parsed.GetValue(forget)) http.DefaultRequestHeaders.Add("X-Mcp-Destructive", "true");
            await ServeAsync(http, cancellationToken).ConfigureAwait(false);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static async Task ServeAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using var input = new StreamReader(Console.OpenStandardInput(), utf8);
        var output = new StreamWriter(Console.OpenStandardOutput(), utf8) { NewLine = "\n", AutoFlush = true };
        await using (output.ConfigureAwait(false))
        {
            using var bridge = new StdioBridge(http, output);
            await bridge.RunAsync(input, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The server judges the name; here only what no header can carry is refused.</summary>
    private static string Checked(string id) =>
        id.Length > 0 && id.All(c => c is > ' ' and < (char)127) ? id : throw new UsageException($"'{id}' is not the id of a memory.");
}
