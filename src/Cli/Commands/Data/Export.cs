using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Data;

/// <summary>export: a memory into one file.</summary>
internal static class Export
{
    /// <param name="run">Runs the verb against a server: the one of --server, or one of its own over a folder.</param>
    public static Command Create(RunVerb run)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var file = new Argument<string>("file") { Description = "Where the archive goes; - is standard output." };
        var at = new Option<string?>("--at") { Description = "Version number, RFC 3339 time or snapshot name: this version alone; all versions when absent." };
        var force = new Option<bool>("--force") { Description = "Replace the file when it exists." };
        var secrets = new ArchiveSecrets(isExport: true);
        var command = new Command("export", "Write a memory into one archive file.") { memory, file, at, force };
        secrets.AddTo(command);
        run(command, async (client, output, parsed, cancellationToken) =>
        {
            var options = new ExportOptions
            {
                At = parsed.GetValue(at),
                Passphrase = await secrets.PassphraseAsync(parsed, isNew: true, cancellationToken).ConfigureAwait(false),
                RecipientPublicKey = await secrets.KeyAsync(parsed, cancellationToken).ConfigureAwait(false),
            };
            string id = parsed.GetRequiredValue(memory);
            string path = parsed.GetRequiredValue(file);
            if (path != "-" && File.Exists(path) && !parsed.GetValue(force)) throw new UsageException($"{path} exists; --force replaces it.");
            long bytes = await ProgressBar.RunAsync($"export {id}", output, progress => WriteAsync(client.Memory(id), path, options, progress, cancellationToken)).ConfigureAwait(false);
            if (path != "-") output.Write(new { id, file = path, bytes }, $"{id} is in {path}: {bytes:N0} bytes.");
        });
        return command;
    }

    /// <summary>Under another name until it is whole and on the disk: a file of the wanted name is a whole archive.</summary>
    private static async Task<long> WriteAsync(MemoryClient memory, string path, ExportOptions options, IProgress<ByteProgress>? progress, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            Stream output = Console.OpenStandardOutput();
            await using (output.ConfigureAwait(false)) return await memory.ExportAsync(output, options, progress, cancellationToken).ConfigureAwait(false);
        }

        string part = $"{path}.part";
        try
        {
            long bytes;
            var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None);
            await using (file.ConfigureAwait(false))
            {
                bytes = await memory.ExportAsync(file, options, progress, cancellationToken).ConfigureAwait(false);
#pragma warning disable RS0030 // .NET hides a failed fsync, and this program has no code of the store: the flush is a best effort, the archive's own checksums tell.
                file.Flush(flushToDisk: true);
#pragma warning restore RS0030
            }

            File.Move(part, path, overwrite: true);
            return bytes;
        }
        finally
        {
            File.Delete(part);
        }
    }
}
