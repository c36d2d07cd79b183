using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Writing;

/// <summary>inject: text from the command line, standard input, files or folders.</summary>
internal sealed class Inject
{
    private readonly Argument<string> _memory = new("memory") { Description = "The memory's id." };
    private readonly Argument<string?> _text = new("text") { Arity = ArgumentArity.ZeroOrOne, Description = "What it shall hold; from standard input when absent or '-'." };
    private readonly Option<string[]> _file = new("--file", "-f") { Description = "A file, a folder with all text below it, or a pattern such as 'notes/**/*.md'; may be given more than once.", HelpName = "path" };
    private readonly Option<string[]> _include = new("--include") { Description = "Of folders, take only names like this, such as '*.md'; may be given more than once.", HelpName = "pattern" };
    private readonly Option<string[]> _exclude = new("--exclude") { Description = "Of folders, leave names like this out; may be given more than once.", HelpName = "pattern" };
    private readonly Option<bool> _again = new("--again") { Description = "Write files that an earlier run has written once more, for example after a rollback." };
    private readonly Option<bool> _async = new("--async") { Description = "Hand the text over and do not wait: it is durable, and written later exactly once; 'operations' tells how it ended." };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "What the random drops are drawn from." };
    private readonly Option<long?> _ifVersion = new("--if-version") { Description = "Refuse unless this is the newest version." };
    private readonly Option<string?> _key = new("--key") { Description = "Idempotency key: a second inject under it writes nothing." };
    private readonly Option<string?> _metadata = JsonObjectOption.Create("version");

    private Inject()
    {
    }

    public static Command Create(CliSettings settings)
    {
        var inject = new Inject();
        var command = new Command("inject", "Write text, files or folders into a memory.")
        {
            inject._memory, inject._text, inject._file, inject._include, inject._exclude, inject._again, inject._async, inject._seed, inject._ifVersion, inject._key, inject._metadata,
        };
        command.Runs(settings, inject.RunAsync);
        return command;
    }

    private Task RunAsync(LatentDbClient client, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        MemoryClient memory = client.Memory(parsed.GetRequiredValue(_memory));
        string[] files = parsed.GetValue(_file) ?? [];
        if (files.Length > 0 && parsed.GetValue(_text) is not null) throw new UsageException("Give the text or --file, not both.");
        return files is [] or [_] && !IsMany(files) ? WriteOneAsync(memory, files, output, parsed, cancellationToken) : WriteManyAsync(memory, files, output, parsed, cancellationToken);
    }

    /// <summary>One text is one version and one answer.</summary>
    private async Task WriteOneAsync(MemoryClient memory, string[] files, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        string words = files is [var file]
            ? await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false)
            : parsed.GetValue(_text) is { } text and not "-" ? text : await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false);

        // The line end that every text file and echo ends with says nothing.
        var request = new InjectRequest
        {
            Text = words.TrimEnd('\r', '\n'),
            Seed = parsed.GetValue(_seed),
            Metadata = JsonObjectOption.Parse(parsed.GetValue(_metadata)),
        };
        var options = new WriteOptions { IfVersion = parsed.GetValue(_ifVersion), IdempotencyKey = parsed.GetValue(_key) };
        if (parsed.GetValue(_async))
        {
            OperationDescription accepted = await memory.AcceptAsync(request, options, cancellationToken).ConfigureAwait(false);
            output.Write(accepted, Operations.Line(accepted));
            return;
        }

        InjectAnswer answer = await memory.InjectAsync(request, options, cancellationToken).ConfigureAwait(false);
        string what = answer.IsReplay ? "was written before under this key" : $"{answer.Tokens} tokens in {answer.Chunks} chunk(s), {answer.TimingsMs.Values.Sum():F0} ms";
        output.Write(answer, $"version {answer.Version}: {what}");
    }

    /// <summary>Files are many texts: a version each, or several for long ones, and one report.</summary>
    private async Task WriteManyAsync(MemoryClient memory, string[] files, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_key) is not null) throw new UsageException("--key is for one text; files have keys of their content.");
        if (parsed.GetValue(_async)) throw new UsageException("--async is for one text; files are gone on with by starting the command again.");
        if (parsed.GetValue(_ifVersion) is not null) throw new UsageException("--if-version is for one text; every file makes a new version.");
        var selection = new NamePatterns(parsed.GetValue(_include) ?? [], parsed.GetValue(_exclude) ?? []);
        IReadOnlyList<SourceFile> sources = SourceFiles.Find(files, selection);
        if (sources.Count == 0) throw new UsageException("Nothing that is text was found there.");
        var run = new FolderInject(memory, new FileTexts(JsonObjectOption.Parse(parsed.GetValue(_metadata)), parsed.GetValue(_seed), parsed.GetValue(_again)));
        FolderReport report = await InjectProgress.RunAsync(output, sources.Sum(s => s.Bytes), progress => run.RunAsync(sources, progress, cancellationToken)).ConfigureAwait(false);
        output.Write(report, report.ToLines());
        if (report.Stopped is { } stopped) throw new DeclinedException($"Stopped at {stopped.File}: {stopped.Reason} What is written stays; the same command goes on from there.");
    }

    private bool IsMany(string[] files) => files is [var one] && (Directory.Exists(one) || SourceFiles.IsPattern(one) || IsLong(one));

    private static bool IsLong(string file) => File.Exists(file) && new FileInfo(file).Length > FileTexts.PartCharacters;
}
