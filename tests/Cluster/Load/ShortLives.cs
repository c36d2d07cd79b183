using System.Collections.Concurrent;
using System.Diagnostics;
using LatentDb.Client.Models;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>Names under which clients make, write, read and erase memories at the same time. A name about which something is unknown is given up for a new one, so that histories stay short.</summary>
/// <param name="prefix">Of the names.</param>
/// <param name="count">How many names are in use at once.</param>
public sealed class ShortLives(string prefix, int count)
{
    private readonly int[] _turns = new int[count];
    private readonly ConcurrentDictionary<string, LoadHistory> _histories = new(StringComparer.Ordinal);

    /// <summary>Of all names so far.</summary>
    public IReadOnlyCollection<LoadHistory> Histories => [.. _histories.Values];

    /// <summary>One step of one client with one of the names.</summary>
    public async Task StepAsync(int client, Caller caller, Random random)
    {
        int place = random.Next(count);
        int turn = Volatile.Read(ref _turns[place]);
        LoadHistory memory = _histories.GetOrAdd($"{prefix}-{place}-{turn}", name => new LoadHistory(name));
        OperationOutcome outcome = await (random.Next(10) switch
        {
            < 3 => AskAsync(memory, OperationKind.Create, client, caller, async (c, stop) => (await c.CreateMemoryAsync(new CreateMemoryRequest(memory.Memory), null, stop)).Version),
            < 6 => AskAsync(memory, OperationKind.Write, client, caller, async (c, stop) => (await c.Memory(memory.Memory).InjectAsync("Maria lives in Lisbon.", stop)).Version),
            < 9 => AskAsync(memory, OperationKind.Read, client, caller, async (c, stop) => (await c.Memory(memory.Memory).GetAsync(stop)).Version),
            _ => AskAsync(memory, OperationKind.Erase, client, caller, async (c, stop) =>
            {
                await c.Memory(memory.Memory).EraseAsync(null, stop);
                return 0;
            }),
        });
        if (outcome == OperationOutcome.Unknown) Interlocked.CompareExchange(ref _turns[place], turn + 1, turn);
    }

    /// <summary>Never repeated by the client: a second try might reach another memory of the same name.</summary>
    private static async Task<OperationOutcome> AskAsync(
        LoadHistory memory, OperationKind kind, int client, Caller caller, Func<Client.LatentDbClient, CancellationToken, Task<long>> ask)
    {
        long invoked = Stopwatch.GetTimestamp();
        Told<long> told = await caller.AskAsync($"{kind} of {memory.Memory}", ask, isRepeatable: kind == OperationKind.Read);
        OperationOutcome outcome = told switch
        {
            { IsAnswered: true } => OperationOutcome.Done,
            { Refusal: "memory_not_found" } => OperationOutcome.NotFound,
            { Refusal: "memory_exists" } => OperationOutcome.Exists,
            _ => OperationOutcome.Unknown,
        };
        if (outcome != OperationOutcome.Unknown || kind != OperationKind.Read) memory.Add(client, kind, told.Value, outcome, invoked);
        return outcome;
    }
}
