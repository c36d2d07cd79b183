using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Writing;

/// <summary>Writes files one after the other: a memory takes one write at a time, so more at once would only wait.</summary>
internal sealed class FolderInject(MemoryClient memory, FileTexts texts)
{
    public async Task<FolderReport> RunAsync(IReadOnlyList<SourceFile> sources, IProgress<InjectStep>? progress, CancellationToken cancellationToken)
    {
        List<FileReport> done = [];
        StopReason? stopped = null;
        foreach (SourceFile source in sources)
        {
            try
            {
                done.Add(await WriteAsync(source, progress, cancellationToken).ConfigureAwait(false));
            }
            catch (ApiProblemException problem)
            {
                stopped = new StopReason(source.Name, problem.Code, problem.Message);
                break;
            }
        }

        return new FolderReport(memory.Id, done, stopped);
    }

    private async Task<FileReport> WriteAsync(SourceFile source, IProgress<InjectStep>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<FilePart>? parts = await texts.ReadAsync(source, cancellationToken).ConfigureAwait(false);
        if (parts is null or [])
        {
            progress?.Report(new InjectStep(source.Name, source.Bytes, 0, IsWritten: false));
            return new FileReport(source.Name, parts is null ? "no text" : "empty", 0, 0, null);
        }

        int replays = 0;
        long tokens = 0;
        long version = 0;
        foreach (FilePart part in parts)
        {
            InjectAnswer answer = await memory.InjectAsync(part.Request, new WriteOptions { IdempotencyKey = part.Key }, cancellationToken).ConfigureAwait(false);
            if (answer.IsReplay) replays++;
            tokens += answer.IsReplay ? 0 : answer.Tokens;
            version = answer.Version;
            progress?.Report(new InjectStep(source.Name, source.Bytes / parts.Count, answer.IsReplay ? 0 : answer.Tokens, !answer.IsReplay));
        }

        return new FileReport(source.Name, replays == parts.Count ? "was there" : "written", parts.Count, tokens, version);
    }
}

/// <summary>What became of a file.</summary>
/// <param name="File">Its name.</param>
/// <param name="State">written, was there (by an earlier run), no text, or empty.</param>
/// <param name="Parts">Versions that hold it.</param>
/// <param name="Tokens">Tokens that were written now.</param>
/// <param name="Version">The version of its last part.</param>
internal sealed record FileReport(string File, string State, int Parts, long Tokens, long? Version);

/// <summary>Why a run ended early.</summary>
internal sealed record StopReason(string File, string Code, string Reason);

/// <summary>What became of all files.</summary>
internal sealed record FolderReport(string Id, IReadOnlyList<FileReport> Files, StopReason? Stopped)
{
    public long Tokens => Files.Sum(f => f.Tokens);

    public string ToLines()
    {
        IEnumerable<string> counts = Files.CountBy(f => f.State).Select(c => $"{c.Value.ToString("N0", CultureInfo.InvariantCulture)} {c.Key}");
        IEnumerable<string> passedOver = Files.Where(f => f.State == "no text").Select(f => $"passed over, no text: {f.File}");
        string hint = Files.Any(f => f.State == "was there") ? " --again writes what was there once more." : string.Empty;
        return string.Join('\n', passedOver.Append($"{Id}: files {string.Join(", ", counts)}; {Tokens:N0} tokens.{hint}"));
    }
}
