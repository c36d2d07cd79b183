using System.Text.Json;
using LatentDb.ModelHost.Hosting;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.ModelHost.Tests.Hosting;

/// <summary>
/// The shipped model remembers, through the engine that serves requests: facts whose person, relation and value never occurred together in
/// training. The answers come from the memory: without the inject they are not there.
/// </summary>
public sealed class ShippedModelTests(ITestOutputHelper output, ShippedModelTests.ServedModel served) : IClassFixture<ShippedModelTests.ServedModel>
{
    private const int Questions = 120;
    private const int LateQuestions = 60;
    private const int UnrelatedInjects = 32;

    [Fact]
    public async Task Ninety_five_percent_of_held_out_facts_are_recalled_right_after_the_inject()
    {
        int right = 0;
        MemoryUnderTest fresh = await MemoryUnderTest.CreateAsync(served.Host);
        foreach ((HeldOutFact fact, int i) in HeldOut(Questions))
        {
            MemoryUnderTest memory = fresh.Fork();
            await memory.InjectAsync(fact.Chunk, (ulong)i);
            if (await memory.AskAsync(fact.Question) == fact.Answer) right++;
        }

        output.WriteLine($"recalled right after the inject: {right} of {Questions}");
        Assert.InRange(right, (int)Math.Ceiling(0.95 * Questions), Questions);
    }

    // Rounded weights are another model; what it is worth is measured, not assumed.
    [Fact]
    public async Task With_weights_in_int8_nine_of_ten_are_still_recalled()
    {
        int right = 0;
        using LocalModelHost host = LocalModelHost.Load(new ModelHostOptions { Model = RepositoryFiles.Combine("models", "small"), Weights = "int8" }, TimeProvider.System, default);
        MemoryUnderTest fresh = await MemoryUnderTest.CreateAsync(host);
        foreach ((HeldOutFact fact, int i) in HeldOut(Questions))
        {
            MemoryUnderTest memory = fresh.Fork();
            await memory.InjectAsync(fact.Chunk, (ulong)i);
            if (await memory.AskAsync(fact.Question) == fact.Answer) right++;
        }

        output.WriteLine($"recalled right after the inject, weights in int8: {right} of {Questions}");
        Assert.InRange(right, (int)Math.Ceiling(0.90 * Questions), Questions);
    }

    [Fact]
    public async Task Eighty_percent_are_recalled_after_thirty_two_unrelated_injects()
    {
        int right = 0;
        string[] unrelated = [.. Lines("unrelated.jsonl").Select(l => l.GetProperty("chunk").GetString()!)];
        MemoryUnderTest fresh = await MemoryUnderTest.CreateAsync(served.Host);
        foreach ((HeldOutFact fact, int i) in HeldOut(LateQuestions))
        {
            MemoryUnderTest memory = fresh.Fork();
            await memory.InjectAsync(fact.Chunk, (ulong)i);
            for (int t = 0; t < UnrelatedInjects; t++) await memory.InjectAsync(unrelated[((i * 7) + t) % unrelated.Length], (ulong)((i * 1000) + t));
            if (await memory.AskAsync(fact.Question) == fact.Answer) right++;
        }

        output.WriteLine($"recalled after {UnrelatedInjects} unrelated injects: {right} of {LateQuestions}");
        Assert.InRange(right, (int)Math.Ceiling(0.80 * LateQuestions), LateQuestions);
    }

    [Fact]
    public async Task A_fresh_memory_and_a_memory_of_other_things_answer_at_most_by_chance()
    {
        int fresh = 0;
        int unrelated = 0;
        MemoryUnderTest genesis = await MemoryUnderTest.CreateAsync(served.Host);
        MemoryUnderTest other = genesis.Fork();
        foreach (JsonElement line in Lines("unrelated.jsonl").Take(8)) await other.InjectAsync(line.GetProperty("chunk").GetString()!, 5);
        foreach ((HeldOutFact fact, int _) in HeldOut(Questions))
        {
            if (await genesis.AskAsync(fact.Question) == fact.Answer) fresh++;
            if (await other.AskAsync(fact.Question) == fact.Answer) unrelated++;
        }

        // A relation has about twenty values: chance is 6 of 120; 12 is two and a half standard deviations above it.
        output.WriteLine($"by chance: fresh {fresh}, unrelated {unrelated} of {Questions}");
        Assert.InRange(fresh, 0, Questions / 10);
        Assert.InRange(unrelated, 0, Questions / 10);
    }

    [Fact]
    public async Task The_newest_of_two_contradicting_facts_wins_and_the_others_stay()
    {
        MemoryUnderTest memory = await MemoryUnderTest.CreateAsync(served.Host);
        await memory.InjectAsync("Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.", 1);
        string before = await memory.AskAsync("Question: Where does Maria live? Answer:");

        await memory.InjectAsync("Maria moved to Oslo.", 2);

        Assert.Equal("Lisbon", before);
        Assert.Equal("Oslo", await memory.AskAsync("Question: Where does Maria live? Answer:"));
        Assert.Equal("baker", await memory.AskAsync("Question: What is the job of Peter? Answer:"));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_memory_and_the_same_answers()
    {
        MemoryUnderTest fresh = await MemoryUnderTest.CreateAsync(served.Host);
        MemoryUnderTest first = fresh.Fork();
        MemoryUnderTest second = fresh.Fork();
        foreach (MemoryUnderTest memory in new[] { first, second })
        {
            await memory.InjectAsync("Maria lives in Lisbon.", 77);
            await memory.InjectAsync("Peter works as a baker.", 78);
        }

        Assert.Equal(
            first.Head.Manifest.Layers.Select(l => string.Join(',', l.Pool.Select(r => (r.First, r.Count)))),
            second.Head.Manifest.Layers.Select(l => string.Join(',', l.Pool.Select(r => (r.First, r.Count)))));
        Assert.Equal(await first.AskAsync("Question: Where does Maria live? Answer:"), await second.AskAsync("Question: Where does Maria live? Answer:"));
        Assert.Equal(0, served.Host.OutstandingPins);
    }

    private static IEnumerable<(HeldOutFact Fact, int Index)> HeldOut(int count) => Lines("heldout.jsonl")
        .Take(count)
        .Select((line, i) => (new HeldOutFact(line.GetProperty("chunk").GetString()!, line.GetProperty("question").GetString()!, line.GetProperty("answer").GetString()!), i));

    private static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(RepositoryFiles.Combine("models", "small", "eval", file)).Where(l => l.Length > 0).Select(l => JsonSerializer.Deserialize<JsonElement>(l));

    private sealed record HeldOutFact(string Chunk, string Question, string Answer);

    /// <summary>The shipped checkpoint, loaded once for all tests of the class.</summary>
    public sealed class ServedModel : IDisposable
    {
        internal LocalModelHost Host { get; } = LocalModelHost.Load(new ModelHostOptions { Model = RepositoryFiles.Combine("models", "small") }, TimeProvider.System, default);

        public void Dispose() => Host.Dispose();
    }
}
