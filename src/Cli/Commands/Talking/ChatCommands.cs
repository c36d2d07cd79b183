using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Talking;

/// <summary>What can be said in a chat besides questions: lines that begin with a slash.</summary>
internal sealed class ChatCommands(ChatSession session, AnswerWriter output)
{
    private const int ListedVersions = 10;

    private const string Help =
        """
        /inject TEXT      write text into the memory
        /versions         the newest versions
        /snapshot NAME    give the newest version (or the one of /at) a name
        /rollback TO      go back to a version number, time or snapshot; history is kept
        /at VERSION       ask an older version from now on; /at alone returns to the newest
        /new              forget this conversation; the memory stays
        /quit             end
        """;

    /// <exception cref="UsageException">There is no such command, or it lacks its word.</exception>
    public async Task RunAsync(string line, CancellationToken cancellationToken)
    {
        string[] words = line.Split(' ', 2, StringSplitOptions.TrimEntries);
        string rest = words.Length > 1 ? words[1] : string.Empty;
        switch (words[0])
        {
            case "/help":
                output.WriteLine(new { help = Help }, Help);
                break;
            case "/inject":
                InjectAnswer told = await session.Memory.InjectAsync(Need(rest, "/inject TEXT"), cancellationToken).ConfigureAwait(false);
                output.WriteLine(told, $"version {told.Version}: {told.Tokens} tokens");
                break;
            case "/versions":
                await ListAsync(cancellationToken).ConfigureAwait(false);
                break;
            case "/snapshot":
                SnapshotDescription snapshot = await session.Memory.CreateSnapshotAsync(Need(rest, "/snapshot NAME"), session.At, null, cancellationToken).ConfigureAwait(false);
                output.WriteLine(snapshot, $"{snapshot.Name} names version {snapshot.Version}");
                break;
            case "/rollback":
                RollbackAnswer back = await session.Memory.RollBackAsync(Need(rest, "/rollback TO"), null, cancellationToken).ConfigureAwait(false);
                session.StartAnew();
                output.WriteLine(back, $"version {back.Version} has the content of version {back.RestoredFrom}; the conversation starts anew");
                break;
            case "/at":
                session.At = rest.Length == 0 ? null : rest;
                output.WriteLine(new { session.At }, session.At is null ? "asking the newest version" : $"asking {session.At}");
                break;
            case "/new":
                session.StartAnew();
                output.WriteLine(new { turns = 0 }, "the conversation starts anew");
                break;
            default:
                throw new UsageException($"There is no '{words[0]}'; /help lists what there is.");
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        Page<VersionDescription> page = await session.Memory.ListVersionsAsync(ListedVersions, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (output.IsJson) output.WriteLine(page.Items, string.Empty);
        else output.WriteTable(page.Items, ["version", "committed", "cause", "tokens"], v => [Number(v.Version), AnswerWriter.Time(v.CommittedAt), v.Cause, Number(v.Tokens)]);
    }

    private static string Need(string word, string usage) => word.Length > 0 ? word : throw new UsageException($"Say {usage}.");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
