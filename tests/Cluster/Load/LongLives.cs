using System.Diagnostics;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>What one client does to memories that stay: every write under a key, so that the memory's own history shows at the end what became of each.</summary>
/// <param name="client">Tells it from the others.</param>
/// <param name="caller">Asks.</param>
/// <param name="random">Chooses.</param>
public sealed class LongLives(int client, Caller caller, Random random)
{
    private const int BatchItems = 3;

    private static readonly QueryRequest Question = new() { Prompt = "Who is there?", MaxTokens = 2 };

    private int _written;

    public Task StepAsync(LoadHistory memory)
    {
        string key = $"{client}-{++_written}";
        var write = new WriteOptions { IdempotencyKey = key };
        return random.Next(24) switch
        {
            < 6 => WriteAsync(memory, OperationKind.Write, 0, key, async (m, c) => [(await m.InjectAsync(NewText(), write, c)).Version]),
            < 8 => WriteAsync(memory, OperationKind.Write, 0, key, async (m, c) => await BatchAsync(m, write, c), BatchItems),
            < 10 => AcceptAsync(memory, write, key),
            < 12 => WriteAsync(memory, OperationKind.Write, 0, key, async (m, c) => [(await m.RollBackAsync("1", write, c)).Version]),
            < 14 => WriteOverAsync(memory, key),
            < 16 => WriteAndLeaveAsync(memory, write, key),
            < 17 => SnapshotAsync(memory, write, key),
            < 20 => ReadAsync(memory, async (m, c) => (await m.QueryAsync(Question, c)).Version),
            _ => ReadAsync(memory, async (m, c) => (await m.GetAsync(c)).Version),
        };
    }

    private InjectRequest NewText() => new() { Text = $"Person {client} has seen {_written} birds in Lisbon." };

    private async Task WriteAsync(LoadHistory memory, OperationKind kind, long expected, string key, Func<MemoryClient, CancellationToken, Task<long[]>> ask, int items = 1)
    {
        memory.Ask(key, items);
        long invoked = Stopwatch.GetTimestamp();
        Told<long[]> told = await caller.AskAsync($"{kind} to {memory.Memory}", (c, stop) => ask(c.Memory(memory.Memory), stop));
        Note(memory, kind, expected, key, invoked, told);
    }

    private void Note(LoadHistory memory, OperationKind kind, long expected, string key, long invoked, Told<long[]> told)
    {
        if (told.IsAnswered)
        {
            long now = Stopwatch.GetTimestamp();
            foreach (long version in told.Value!) memory.Add(client, kind, version, OperationOutcome.Done, invoked, now, key);
        }
        else if (told.Refusal == "precondition_failed")
        {
            memory.Add(client, kind, expected, OperationOutcome.Conflict, invoked);
        }
        else if (told.IsUnknown)
        {
            memory.Add(client, kind, expected, OperationOutcome.Unknown, invoked, key);
        }
        else
        {
            caller.Surprises.Add($"{kind} to {memory.Memory}: {told.Refusal}");
        }
    }

    /// <summary>A write over the head that this client knows of, which is refused when another client was faster.</summary>
    private Task WriteOverAsync(LoadHistory memory, string key)
    {
        long head = memory.KnownHead;
        var write = new WriteOptions { IdempotencyKey = key, IfVersion = head };
        return WriteAsync(memory, OperationKind.WriteIfHead, head, key, async (m, c) => [(await m.RollBackAsync("1", write, c)).Version]);
    }

    /// <summary>All texts of a batch, or it is sent again and goes on from there.</summary>
    private async Task<long[]> BatchAsync(MemoryClient memory, WriteOptions write, CancellationToken stop)
    {
        InjectRequest[] items = [.. Enumerable.Range(0, BatchItems).Select(i => new InjectRequest { Text = $"Person {client} owns boat {_written} of {i} ports." })];
        InjectBatchAnswer answer = await memory.InjectBatchAsync(items, write, stop);
        return answer.Written == items.Length ? [.. answer.Results.Select(result => result.Version)] : throw new IOException(answer.Problem!.Code);
    }

    /// <summary>What was accepted is durable: it must be made, once, whatever happens meanwhile.</summary>
    private async Task AcceptAsync(LoadHistory memory, WriteOptions write, string key)
    {
        memory.Ask(key, 1);
        long invoked = Stopwatch.GetTimestamp();
        InjectRequest text = NewText();
        Told<OperationDescription> accepted = await caller.AskAsync($"accept to {memory.Memory}", (c, stop) => c.Memory(memory.Memory).AcceptAsync(text, write, stop));
        if (!accepted.IsAnswered)
        {
            Note(memory, OperationKind.Write, 0, key, invoked, new Told<long[]>(null, accepted.Refusal, IsAnswered: false));
            return;
        }

        Told<OperationDescription> ended = await caller.AskAsync($"wait at {memory.Memory}", (c, stop) => c.Memory(memory.Memory).Operations.WaitAsync(accepted.Value!.Id, stop));
        if (ended.Value is { Status: not "succeeded" } other) caller.Surprises.Add($"An accepted write to {memory.Memory} is {other.Status}: {other.Problem?.Code}");
        Note(memory, OperationKind.Write, 0, key, invoked, new Told<long[]>([.. ended.Value?.Versions.OfType<long>() ?? []], null, ended.IsAnswered));
    }

    /// <summary>A client that goes away within milliseconds: only the memory knows what became of its write.</summary>
    private async Task WriteAndLeaveAsync(LoadHistory memory, WriteOptions write, string key)
    {
        memory.Ask(key, 1);
        long invoked = Stopwatch.GetTimestamp();
        InjectRequest text = NewText();
        var patience = TimeSpan.FromMilliseconds(1 + random.Next(60));
        Told<InjectAnswer> told = await caller.AskOnceAsync($"short inject to {memory.Memory}", (c, stop) => c.Memory(memory.Memory).InjectAsync(text, write, stop), patience);
        Note(memory, OperationKind.Write, 0, key, invoked, new Told<long[]>(told.IsAnswered ? [told.Value!.Version] : null, told.Refusal, told.IsAnswered));
    }

    private async Task SnapshotAsync(LoadHistory memory, WriteOptions write, string key)
    {
        string name = $"s{key}";
        if (await ReadAsync(memory, async (m, c) => (await m.CreateSnapshotAsync(name, null, write, c)).Version) is long version) memory.AddSnapshot(name, version);
    }

    private async Task<long?> ReadAsync(LoadHistory memory, Func<MemoryClient, CancellationToken, Task<long>> ask)
    {
        long invoked = Stopwatch.GetTimestamp();
        Told<long> told = await caller.AskAsync($"read of {memory.Memory}", (c, stop) => ask(c.Memory(memory.Memory), stop));
        if (told.Refusal is not null) caller.Surprises.Add($"read of {memory.Memory}: {told.Refusal}");
        if (!told.IsAnswered) return null;
        memory.Add(client, OperationKind.Read, told.Value, OperationOutcome.Done, invoked);
        return told.Value;
    }
}
