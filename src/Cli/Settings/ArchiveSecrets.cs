using System.CommandLine;
using Spectre.Console;

namespace LatentDb.Cli.Settings;

/// <summary>
/// What seals or opens an archive. Never a word of the command line, which other users of the machine can read: a file, the environment, or a question.
/// </summary>
internal sealed class ArchiveSecrets
{
    private const string PassphraseVariable = "LATENTDB_ARCHIVE_PASSPHRASE";

    private readonly Option<bool> _ask = new("--ask-passphrase") { Description = $"Ask for the archive's passphrase; ${PassphraseVariable} or --passphrase-file give it without a question." };
    private readonly Option<string?> _file = new("--passphrase-file") { Description = "File whose first line is the archive's passphrase." };
    private readonly Option<string?> _key;

    /// <param name="isExport">True: sealed to a public key; false: opened with a private key.</param>
    public ArchiveSecrets(bool isExport) => _key = isExport
        ? new Option<string?>("--recipient") { Description = "File with a public key (P-256, PEM): only its private key opens the archive." }
        : new Option<string?>("--private-key") { Description = "File with the private key (PEM) that the archive was sealed to." };

    public void AddTo(Command command)
    {
        command.Options.Add(_ask);
        command.Options.Add(_file);
        command.Options.Add(_key);
    }

    /// <summary>Null = none was given.</summary>
    /// <exception cref="UsageException">Nobody can be asked, or two answers differ.</exception>
    public async Task<string?> PassphraseAsync(ParseResult parsed, bool isNew, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_file) is { } path)
        {
            await foreach (string line in File.ReadLinesAsync(path, cancellationToken).ConfigureAwait(false)) return line;
            throw new UsageException($"{path} is empty.");
        }

        if (!parsed.GetValue(_ask)) return Environment.GetEnvironmentVariable(PassphraseVariable) is { Length: > 0 } known ? known : null;
        if (Console.IsInputRedirected) throw new UsageException("There is no terminal to ask at; use --passphrase-file.");
        string first = await AskAsync("Passphrase of the archive:", cancellationToken).ConfigureAwait(false);
        if (isNew && await AskAsync("Once more:", cancellationToken).ConfigureAwait(false) != first) throw new UsageException("The two passphrases differ.");
        return first;
    }

    /// <summary>The key's text; null = none was given.</summary>
    public async Task<string?> KeyAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        parsed.GetValue(_key) is { } path ? await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false) : null;

    private static Task<string> AskAsync(string question, CancellationToken cancellationToken) =>
        new TextPrompt<string>(question).Secret(null).ShowAsync(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }), cancellationToken);
}
