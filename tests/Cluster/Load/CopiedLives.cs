using System.Diagnostics;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>
/// Memories that one client makes of others, by a fork or by an archive, writes, reads through all silos and erases. To make one is also to read the head of
/// the other at some moment meanwhile.
/// </summary>
/// <param name="client">Tells it from the others.</param>
/// <param name="name">The same in the names of its copies.</param>
/// <param name="caller">Asks.</param>
public sealed class CopiedLives(int client, string name, Caller caller)
{
    /// <summary>An archive of all versions above this would take the time of everything else.</summary>
    private const int LongestArchive = 40;

    private int _made;

    /// <summary>Of each copy.</summary>
    public List<LoadHistory> Histories { get; } = [];

    /// <summary>Forks a memory at its head, and lets the fork live and end.</summary>
    public async Task ForkAsync(LoadHistory source)
    {
        LoadHistory copy = Begin("fork");
        var write = new WriteOptions { IdempotencyKey = copy.Memory };
        long invoked = Stopwatch.GetTimestamp();
        Told<MemoryDescription> made = await caller.AskAsync($"fork to {copy.Memory}", (c, stop) => c.Memory(source.Memory).ForkAsync(new ForkRequest(copy.Memory), write, stop));
        if (!Noted(copy, made, 1, invoked)) return;
        long returned = Stopwatch.GetTimestamp();
        Told<VersionDescription> first = await caller.AskAsync($"version 1 of {copy.Memory}", (c, stop) => c.Memory(copy.Memory).GetVersionAsync(1, stop));
        if (first.Value is { } version) source.Add(client, OperationKind.Read, version.ForkedFrom!.Version, OperationOutcome.Done, invoked, returned);
        await LiveAsync(copy, 1);
    }

    /// <summary>Brings a memory with all its versions into another, and lets that live and end.</summary>
    public async Task ImportAsync(LoadHistory source)
    {
        if (source.KnownHead > LongestArchive) return;
        long invoked = Stopwatch.GetTimestamp();
        Told<byte[]> archive = await caller.AskAsync($"export of {source.Memory}", async (c, stop) => await ReadArchiveAsync(c.Memory(source.Memory), stop));
        if (!archive.IsAnswered) return;
        long returned = Stopwatch.GetTimestamp();

        LoadHistory copy = Begin("import");
        var import = new ImportOptions { Id = copy.Memory, IdempotencyKey = copy.Memory };
        Told<MemoryDescription> made = await caller.AskAsync($"import to {copy.Memory}", (c, stop) => c.ImportAsync(new MemoryStream(archive.Value!), import, null, stop));
        if (!Noted(copy, made, made.Value?.Version ?? 1, returned)) return;
        source.Add(client, OperationKind.Read, made.Value!.Version, OperationOutcome.Done, invoked, returned);
        Told<string> versions = await caller.AskAsync($"versions of {copy.Memory}", (c, stop) => VersionLines.ReadAsync(c.Memory(copy.Memory), stop));
        if (versions.IsAnswered) source.AddArchived(versions.Value!);
        await LiveAsync(copy, made.Value.Version);
    }

    private static async Task<byte[]> ReadArchiveAsync(MemoryClient memory, CancellationToken stop)
    {
        using var archive = new MemoryStream();
        await memory.ExportAsync(archive, cancellationToken: stop);
        return archive.ToArray();
    }

    private LoadHistory Begin(string kind)
    {
        var copy = new LoadHistory($"{kind}-{name}-{++_made}");
        Histories.Add(copy);
        return copy;
    }

    private bool Noted(LoadHistory copy, Told<MemoryDescription> made, long version, long invoked)
    {
        if (made.Refusal is not null) caller.Surprises.Add($"making of {copy.Memory}: {made.Refusal}");
        copy.Add(client, OperationKind.Create, version, made.IsAnswered ? OperationOutcome.Done : OperationOutcome.Unknown, invoked);
        return made.IsAnswered;
    }

    /// <summary>Nobody else knows the name, so each answer is certain, whatever fails meanwhile.</summary>
    private async Task LiveAsync(LoadHistory copy, long version)
    {
        var write = new WriteOptions { IdempotencyKey = $"{copy.Memory}-w" };
        await AskAsync(copy, OperationKind.Write, version + 1, async (m, stop) => (await m.InjectAsync(new InjectRequest { Text = "Maria moved to Oslo." }, write, stop)).Version);
        await AskAsync(copy, OperationKind.Read, version + 1, async (m, stop) => (await m.GetAsync(stop)).Version);
        await AskAsync(copy, OperationKind.Erase, 0, async (m, stop) =>
        {
            await m.EraseAsync(new WriteOptions { IdempotencyKey = $"{copy.Memory}-e" }, stop);
            return 0;
        });
        await AskAsync(copy, OperationKind.Read, 0, async (m, stop) => (await m.GetAsync(stop)).Version);
    }

    private async Task AskAsync(LoadHistory copy, OperationKind kind, long version, Func<MemoryClient, CancellationToken, Task<long>> ask)
    {
        long invoked = Stopwatch.GetTimestamp();
        Told<long> told = await caller.AskAsync($"{kind} of {copy.Memory}", (c, stop) => ask(c.Memory(copy.Memory), stop));
        OperationOutcome outcome = told.IsAnswered ? OperationOutcome.Done : told.Refusal == "memory_not_found" ? OperationOutcome.NotFound : OperationOutcome.Unknown;
        copy.Add(client, kind, told.IsAnswered ? told.Value : version, outcome, invoked);
    }
}
