using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.ModelHost.Tests.Hosting;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>The silo that computes is lost at every message of a call: the result is the same as without, and nothing is left behind.</summary>
public sealed class LossTests : IDisposable
{
    private const string Text = "Maria lives in Lisbon. She works as a baker and rides a red bicycle to the harbour each morning before the ships come in.";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly LocalModelHost[] _models = [RemoteCluster.LoadModel(), RemoteCluster.LoadModel()];

    [Fact]
    public async Task An_inject_whose_silo_is_lost_at_any_message_makes_the_same_version_elsewhere()
    {
        string text = string.Join(' ', Enumerable.Repeat(Text, 3)); // several chunks
        int messages = await CountAsync(memory => memory.InjectAsync(text, 7));
        Assert.InRange(messages, 16, 1000); // Two for each slice of a chunk, and what is asked for besides.
        for (int lost = 1; lost <= messages; lost++)
        {
            await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _models);
            int preferred = await PreferredAsync(cluster);
            cluster.Links.KillAfter(RemoteCluster.Address(preferred), lost);

            InjectOutcome outcome = await cluster.Remote.InjectAsync(text, 7).WaitAsync(Limit);

            InjectOutcome expected = await cluster.Local.InjectAsync(text, 7);
            Assert.Equal(SignatureOf(cluster, expected), SignatureOf(cluster, outcome));
            await RequireNothingLeftAsync(cluster, $"message {lost}");
        }
    }

    [Fact]
    public async Task A_query_whose_silo_is_lost_at_any_message_is_answered_in_the_same_words()
    {
        const string Prompt = "Question: Where does Maria live? Answer:";
        int messages = await CountAsync(memory => memory.AskAsync(Prompt, maxTokens: 12));
        Assert.InRange(messages, 10, 2000);
        for (int lost = 1; lost <= messages; lost++)
        {
            await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _models);
            await cluster.Local.InjectAsync(Text, 3);
            int preferred = await PreferredAsync(cluster);
            cluster.Links.KillAfter(RemoteCluster.Address(preferred), lost);

            string answer = await cluster.Remote.AskAsync(Prompt, maxTokens: 12).WaitAsync(Limit);

            Assert.Equal(await cluster.Local.AskAsync(Prompt, maxTokens: 12), answer);
            await RequireNothingLeftAsync(cluster, $"message {lost}");
        }
    }

    [Fact]
    public async Task A_caller_that_is_lost_ends_the_work_for_it()
    {
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _models[0]);
        await cluster.Local.InjectAsync(Text, 3);
        using var gone = new CancellationTokenSource();
        int pieces = 0;
        var request = new QueryRequest(cluster.Local.Head, new TextInput.Plain("Maria"), new GenerationOptions { MaxTokens = 900, Temperature = 1.5f }, cluster.Blocks);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GenerationEvent step in cluster.Host.QueryAsync(request, gone.Token))
            {
                if (++pieces == 3) await gone.CancelAsync();
            }
        });

        await RequireNothingLeftAsync(cluster, "cancelled");
    }

    [Fact]
    public async Task Without_any_silo_left_the_caller_is_told_to_come_again()
    {
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _models);
        cluster.Links.Kill(RemoteCluster.Address(0));
        cluster.Links.Kill(RemoteCluster.Address(1));

        LatentDbException inject = await Assert.ThrowsAsync<LatentDbException>(() => cluster.Remote.InjectAsync(Text, 1));
        LatentDbException query = await Assert.ThrowsAsync<LatentDbException>(() => cluster.Remote.AskAsync(Text));

        Assert.Equal((ErrorCode.SiloUnreachable, ErrorCode.SiloUnreachable), (inject.Code, query.Code));
        Assert.NotNull(inject.RetryAfter);
        Assert.NotNull(query.RetryAfter);
    }

    public void Dispose()
    {
        foreach (LocalModelHost model in _models) model.Dispose();
    }

    /// <summary>Messages of an undisturbed call on all streams of the one model silo.</summary>
    private async Task<int> CountAsync(Func<MemoryUnderTest, Task> call)
    {
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _models[0]);
        await cluster.Local.InjectAsync(Text, 3);
        int before = cluster.Links.WritesOf(RemoteCluster.Address(0));
        await call(cluster.Remote);
        return cluster.Links.WritesOf(RemoteCluster.Address(0)) - before;
    }

    /// <summary>Which silo gets the requests of a memory without a name.</summary>
    private static async Task<int> PreferredAsync(RemoteCluster cluster)
    {
        int[] before = [.. Enumerable.Range(0, 2).Select(i => cluster.Links.WritesOf(RemoteCluster.Address(i)))];
        await cluster.Remote.AskAsync("Who?", maxTokens: 1);
        return cluster.Links.WritesOf(RemoteCluster.Address(0)) > before[0] ? 0 : 1;
    }

    /// <summary>What an inject made, with its blocks named by their order: ids of blocks differ from try to try.</summary>
    private static string SignatureOf(RemoteCluster cluster, InjectOutcome outcome)
    {
        var words = new List<string> { $"{outcome.Tokens} + {outcome.PaddedTokens}" };
        foreach (ManifestDelta delta in outcome.Deltas)
        {
            words.Add($"rows {delta.BlockRows}");
            words.AddRange(delta.Layers.Select(l => $"{string.Join(',', l.RemovedRanks)}|{l.MovedToBank}|{l.SealedLife}|{l.Decays}|{string.Join(',', l.EvictedBankRows)}|{string.Join(',', l.Appended)}"));
            BlockSlice[] slices = cluster.Blocks.SlicesOf(delta.Block);
            Assert.NotEmpty(slices);
            words.AddRange(slices.Select(s => $"{s.Address.Layer} {s.Address.Part} {s.Kind} {string.Join(' ', s.Tensors.Select(t => $"{t.Column} {t.Type} {t.Rows} {Convert.ToHexString(t.Bytes.Span)}"))}"));
        }

        return string.Join('\n', words);
    }

    private async Task RequireNothingLeftAsync(RemoteCluster cluster, string when)
    {
        await cluster.DisposeAsync(); // Ends when every stream that was served has ended.
        Assert.True(cluster.Links.Defects.IsEmpty, $"{when}: {string.Join('\n', cluster.Links.Defects)}");
        Assert.Equal(0, cluster.Links.OpenCount);
        foreach (LocalModelHost model in _models) Assert.Equal((0L, 0), (model.OutstandingPins, model.ActiveRequests));
    }
}
