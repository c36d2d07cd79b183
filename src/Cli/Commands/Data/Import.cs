using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Data;

/// <summary>import: a memory from an archive file.</summary>
internal static class Import
{
    /// <param name="run">Runs the verb against a server: the one of --server, or one of its own over a folder.</param>
    public static Command Create(RunVerb run)
    {
        var file = new Argument<string>("file") { Description = "The archive; - is standard input." };
        var id = new Argument<string?>("memory") { Arity = ArgumentArity.ZeroOrOne, Description = "Name of the new memory; the one in the archive when absent." };
        var secrets = new ArchiveSecrets(isExport: false);
        var command = new Command("import", "Make a memory of an archive file.") { file, id };
        secrets.AddTo(command);
        run(command, async (client, output, parsed, cancellationToken) =>
        {
            var options = new ImportOptions
            {
                Id = parsed.GetValue(id),
                Passphrase = await secrets.PassphraseAsync(parsed, isNew: false, cancellationToken).ConfigureAwait(false),
                PrivateKey = await secrets.KeyAsync(parsed, cancellationToken).ConfigureAwait(false),
            };
            string path = parsed.GetRequiredValue(file);
            MemoryDescription made = await ProgressBar.RunAsync($"import {path}", output, progress => ReadAsync(client, path, options, progress, cancellationToken)).ConfigureAwait(false);
            output.Write(made, $"{made.Id} is imported; its newest version is {made.Version}.");
        });
        return command;
    }

    private static async Task<MemoryDescription> ReadAsync(
        LatentDbClient client, string path, ImportOptions options, IProgress<ByteProgress>? progress, CancellationToken cancellationToken)
    {
        Stream archive = path == "-" ? Console.OpenStandardInput() : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        await using (archive.ConfigureAwait(false)) return await client.ImportAsync(archive, options, progress, cancellationToken).ConfigureAwait(false);
    }
}
