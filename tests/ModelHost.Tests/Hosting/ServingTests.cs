using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Hosting;

/// <summary>Many requests at once at the shipped model: each gets what it would get alone, and whatever goes wrong with one is over with it.</summary>
public sealed class ServingTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly LocalModelHost _host = LocalModelHost.Load(
        new ModelHostOptions { Model = RepositoryFiles.Combine("models", "small"), MaxActive = 8, MaxWaiting = 200 }, TimeProvider.System, default);

    [Fact]
    public async Task Many_answers_at_once_beside_injects_are_the_answers_that_each_gets_alone()
    {
        MemoryUnderTest[] memories = await MemoriesAsync(6);
        string[] alone = new string[48];
        for (int i = 0; i < alone.Length; i++) alone[i] = await TextAsync(Ask(memories[i % 6], i));

        Task<string>[] together = [.. Enumerable.Range(0, alone.Length).Select(i => Task.Run(() => TextAsync(Ask(memories[i % 6], i))))];
        Task[] injects = [.. memories.Select(m => Task.Run(() => m.Fork().InjectAsync(string.Join(' ', Enumerable.Repeat("The weather was fine in the hills.", 30)), 5)))];

        Assert.Equal(alone, await Task.WhenAll(together).WaitAsync(Limit));
        await Task.WhenAll(injects).WaitAsync(Limit);
        Assert.Equal((0L, 0), (_host.OutstandingPins, _host.ActiveRequests));
    }

    [Fact]
    public async Task A_prompt_that_begins_like_one_before_it_over_the_same_version_is_answered_alike_from_what_was_computed()
    {
        MemoryUnderTest memory = (await MemoriesAsync(1))[0];
        string chat = string.Concat(Enumerable.Range(0, 30).Select(i => $"Question: Where does Maria live? Answer: In Lisbon, number {i}. "));
        var uid = new MemoryUid(77);
        string[] prompts = [chat, chat + "Question: And Peter? Answer:", chat + "Question: What is the job of Peter? Answer:"];
        string[] fresh = new string[prompts.Length];
        for (int i = 0; i < prompts.Length; i++) fresh[i] = await TextAsync(Ask(memory, i, prompts[i]));

        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < prompts.Length; i++) Assert.Equal(fresh[i], await TextAsync(Ask(memory, i, prompts[i]) with { Memory = uid }));
        }

        Assert.True(_host.PromptBytes > 0);
        _host.Forget(uid);
        Assert.Equal(0, _host.PromptBytes);
    }

    [Fact]
    public async Task Kept_prompts_never_take_more_than_their_budget_and_none_are_kept_without_one()
    {
        MemoryUnderTest memory = (await MemoriesAsync(1))[0];
        foreach (long budget in (long[])[0, 1 << 20])
        {
            var options = new ModelHostOptions { Model = RepositoryFiles.Combine("models", "small"), PromptCacheBytes = budget };
            using LocalModelHost host = LocalModelHost.Load(options, TimeProvider.System, default);
            long most = 0;
            for (int i = 0; i < 60; i++)
            {
                string prompt = string.Concat(Enumerable.Repeat($"Number {i} is here. ", 30));
                await TextAsync(host, Ask(memory, i, prompt, tokens: 1) with { Memory = new MemoryUid((UInt128)(1 + (i % 7))) });
                most = Math.Max(most, host.PromptBytes);
            }

            Assert.InRange(most, budget / 2, budget);
        }
    }

    [Fact]
    public async Task A_reader_that_leaves_at_any_token_gives_everything_back()
    {
        MemoryUnderTest memory = (await MemoriesAsync(1))[0];
        for (int leaveAfter = 0; leaveAfter < 6; leaveAfter++)
        {
            int seen = 0;
            await foreach (GenerationEvent step in _host.QueryAsync(Ask(memory, 1, tokens: 500), default))
            {
                if (seen++ == leaveAfter) break;
            }

            Assert.Equal((0L, 0), (_host.OutstandingPins, _host.ActiveRequests));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_query_that_is_cancelled_while_others_run_ends_and_they_go_on(int yields)
    {
        MemoryUnderTest memory = (await MemoriesAsync(1))[0];
        string expected = await TextAsync(Ask(memory, 3, tokens: 40));
        using var cancel = new CancellationTokenSource();
        Task<string>[] others = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => TextAsync(Ask(memory, 3, tokens: 40))))];
        Task<string>[] victims = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => TextAsync(Ask(memory, 4, tokens: 900), cancel.Token)))];
        for (int i = 0; i < yields; i++) await Task.Yield();

        await cancel.CancelAsync();

        foreach (Task<string> victim in victims) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => victim.WaitAsync(Limit));
        Assert.All(await Task.WhenAll(others).WaitAsync(Limit), text => Assert.Equal(expected, text));
        Assert.Equal((0L, 0), (_host.OutstandingPins, _host.ActiveRequests));
    }

    [Fact]
    public async Task Rows_that_are_damaged_end_their_query_and_no_other()
    {
        MemoryUnderTest[] memories = await MemoriesAsync(2);
        string expected = await TextAsync(Ask(memories[1], 2));
        var broken = new InMemoryBlocks { BeforeRead = _ => throw new LatentDbException(ErrorCode.DataDamaged, "block 42 is damaged") };
        using LocalModelHost cold = LocalModelHost.Load(new ModelHostOptions { Model = RepositoryFiles.Combine("models", "small") }, TimeProvider.System, default);

        Task<string>[] failing = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => TextAsync(cold, Ask(memories[0], i) with { Source = broken })))];
        Task<string>[] fine = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => TextAsync(cold, Ask(memories[1], 2))))];

        foreach (Task<string> task in failing) Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => task.WaitAsync(Limit))).Code);
        Assert.All(await Task.WhenAll(fine).WaitAsync(Limit), text => Assert.Equal(expected, text));
        Assert.Equal((0L, 0), (cold.OutstandingPins, cold.ActiveRequests));
    }

    public void Dispose() => _host.Dispose();

    private static QueryRequest Ask(MemoryUnderTest memory, int seed, string prompt = "Question: Where does Maria live? Answer:", int tokens = 12) => new(
        memory.Head, new TextInput.Plain(prompt), new GenerationOptions { MaxTokens = tokens, Temperature = 0.8f, Seed = (ulong)seed }, memory.Blocks)
    {
        Flow = $"tenant {seed % 3}",
    };

    private Task<string> TextAsync(QueryRequest request, CancellationToken cancellationToken = default) => TextAsync(_host, request, cancellationToken);

    private static async Task<string> TextAsync(LocalModelHost host, QueryRequest request, CancellationToken cancellationToken = default)
    {
        string text = string.Empty;
        await foreach (GenerationEvent step in host.QueryAsync(request, cancellationToken))
        {
            text += step switch
            {
                GeneratedText piece => piece.Text,
                GenerationCompleted end => $" [{end.Reason}, {end.Usage.PromptTokens} + {end.Usage.CompletionTokens}, {string.Join(',', end.Retrieved.RowsPerLayer)}]",
                _ => "?",
            };
        }

        return text;
    }

    private async Task<MemoryUnderTest[]> MemoriesAsync(int count)
    {
        MemoryUnderTest fresh = await MemoryUnderTest.CreateAsync(_host);
        MemoryUnderTest[] memories = [.. Enumerable.Range(0, count).Select(_ => fresh.Fork())];
        string[] towns = ["Lisbon", "Oslo", "Paris", "Rome", "Madrid", "Vienna"];
        for (int i = 0; i < count; i++)
        {
            await memories[i].InjectAsync($"Maria lives in {towns[i]}.", (ulong)i);
            await memories[i].InjectAsync("Peter works as a baker.", (ulong)i);
        }

        return memories;
    }
}
