using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Demos;

/// <summary>demo: the main job, step by step, against a server of its own.</summary>
internal static class Demo
{
    public static Command Create(CliSettings settings)
    {
        var model = new Option<string?>("--model") { Description = "Serve this checkpoint instead of the shipped one." };
        var command = new Command("demo", "Start a server and show inject, ask, snapshot, roll back and restart.") { model };
        command.SetAction((parsed, cancellationToken) => VerbRunner.GuardAsync(
            settings.IsJson(parsed), () => RunAsync(parsed.GetValue(model), new AnswerWriter(settings.IsJson(parsed)), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(string? model, AnswerWriter output, CancellationToken cancellationToken)
    {
        DirectoryInfo data = Directory.CreateTempSubdirectory("latentdb-demo-");
        string[] more = model is null ? [] : ["--model", Path.GetFullPath(model)];
        var script = new DemoScript(output);
        try
        {
            ServerProcess server = await ServerProcess.StartAsync(data.FullName, adminKey: null, more, cancellationToken).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                script.Say($"A server on {server.Address} with data in {data.FullName}");
                await TellAsync(script, server.Address, cancellationToken).ConfigureAwait(false);
                await server.KillAsync().ConfigureAwait(false);
                script.Step("kill -9", "the server is gone");
            }

            server = await ServerProcess.StartAsync(data.FullName, adminKey: null, more, cancellationToken).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                script.Step("restart", $"on {server.Address}, same data");
                var target = new ServerTarget(server.Address);
                using HttpClient http = target.Connect();
                await AskAsync(script, target.Over(http).Memory(DemoStory.Memory), DemoStory.Before, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }

        return script.Finish();
    }

    private static async Task TellAsync(DemoScript script, Uri address, CancellationToken cancellationToken)
    {
        var target = new ServerTarget(address);
        using HttpClient http = target.Connect();
        LatentDbClient client = target.Over(http);
        MemoryClient memory = client.Memory(DemoStory.Memory);
        MemoryDescription created = await client.CreateMemoryAsync(new CreateMemoryRequest(memory.Id), null, cancellationToken).ConfigureAwait(false);
        script.Step("create", $"memory \"{created.Id}\" at version {created.Version}");
        await InjectAsync(script, memory, DemoStory.Facts, cancellationToken).ConfigureAwait(false);
        await AskAsync(script, memory, DemoStory.Before, cancellationToken).ConfigureAwait(false);

        SnapshotDescription snapshot = await memory.CreateSnapshotAsync(DemoStory.Snapshot, cancellationToken: cancellationToken).ConfigureAwait(false);
        script.Step("snapshot", $"\"{snapshot.Name}\" names version {snapshot.Version}");
        await InjectAsync(script, memory, DemoStory.Change, cancellationToken).ConfigureAwait(false);
        await AskAsync(script, memory, DemoStory.After, cancellationToken).ConfigureAwait(false);

        RollbackAnswer rollback = await memory.RollBackAsync(DemoStory.Snapshot, cancellationToken: cancellationToken).ConfigureAwait(false);
        script.Step("roll back", $"version {rollback.Version} has the content of version {rollback.RestoredFrom}");
        await AskAsync(script, memory, DemoStory.Before, cancellationToken).ConfigureAwait(false);
    }

    private static async Task InjectAsync(DemoScript script, MemoryClient memory, string text, CancellationToken cancellationToken)
    {
        InjectAnswer answer = await memory.InjectAsync(text, cancellationToken).ConfigureAwait(false);
        script.Step("inject", $"\"{text}\"", $"version {answer.Version}, {answer.Tokens} tokens, {answer.TimingsMs.Values.Sum():F0} ms");
    }

    private static async Task AskAsync(DemoScript script, MemoryClient memory, string expected, CancellationToken cancellationToken)
    {
        var request = new QueryRequest { Messages = [new Message("user", DemoStory.Question)], MaxTokens = DemoStory.MaxTokens };
        QueryAnswer answer = await memory.QueryAsync(request, cancellationToken).ConfigureAwait(false);
        script.Check(DemoStory.Question, answer.Text.Trim(), expected, $"version {answer.Version}, {answer.TimingsMs.Values.Sum():F0} ms");
    }
}
