using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.ModelHost.Tests.Hosting;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>A model at another silo is the same model: same genesis, same versions, same answers, same errors.</summary>
public sealed class RemoteModelHostTests : IDisposable
{
    private const string Text = "Maria lives in Lisbon and works as a baker.";
    private const string Prompt = "Question: Where does Maria live? Answer:";

    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LocalModelHost _model = RemoteCluster.LoadModel(maxActive: 1, maxWaiting: 0);

    [Fact]
    public async Task Genesis_injects_and_answers_are_those_of_the_local_model()
    {
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _model);
        Assert.Equal(_model.Describe(), cluster.Host.Describe());
        MemoryUnderTest remote = await MemoryUnderTest.CreateAsync(cluster.Host, cluster.Blocks);
        MemoryUnderTest local = await MemoryUnderTest.CreateAsync(_model);

        for (int i = 0; i < 3; i++)
        {
            InjectOutcome one = await remote.InjectAsync($"{Text} Day {i} was fine.", (ulong)i);
            InjectOutcome other = await local.InjectAsync($"{Text} Day {i} was fine.", (ulong)i);
            Assert.Equal((other.Tokens, other.PaddedTokens), (one.Tokens, one.PaddedTokens));
            Assert.True(one.Timings.Encode > TimeSpan.Zero);
        }

        Assert.Equal(local.Head.Manifest.Layers.Select(l => l.PoolRows), remote.Head.Manifest.Layers.Select(l => l.PoolRows));
        for (int i = 0; i < local.Head.Manifest.Layers.Length; i++) Assert.Equal(local.Head.Manifest.Layers[i].Pool.ToArray(), remote.Head.Manifest.Layers[i].Pool.ToArray());
        Assert.Equal(await local.AskAsync(Prompt, 16), await remote.AskAsync(Prompt, 16));
    }

    [Fact]
    public async Task A_memory_that_is_asked_again_reads_nothing_from_its_owner_and_sends_no_manifest()
    {
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _model);
        MemoryUnderTest memory = cluster.Remote;
        await memory.InjectAsync(Text, 1);
        await memory.AskAsync(Prompt);
        int reads = cluster.Blocks.Reads;
        int open = cluster.Links.WritesOf(RemoteCluster.Owner);
        await memory.AskAsync(Prompt, maxTokens: 1);

        Assert.Equal(reads, cluster.Blocks.Reads);
        Assert.InRange(cluster.Links.WritesOf(RemoteCluster.Owner) - open, 5, 7); // The call, the load, a piece or two, the end of the answer, the load, the end.
    }

    [Fact]
    public async Task What_the_model_refuses_is_refused_in_the_same_words()
    {
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _model);
        QueryRequest request = Ask(cluster, maxTokens: 100_000);

        LatentDbException remote = await Assert.ThrowsAsync<LatentDbException>(() => FirstAsync(cluster.Host, request));
        LatentDbException local = await Assert.ThrowsAsync<LatentDbException>(() => FirstAsync(_model, request));
        LatentDbException short1 = await Assert.ThrowsAsync<LatentDbException>(() => cluster.Remote.InjectAsync(string.Empty, 1));

        Assert.Equal((local.Code, local.Message), (remote.Code, remote.Message));
        Assert.Equal(ErrorCode.TextTooShort, short1.Code);
    }

    [Fact]
    public async Task A_version_of_another_model_is_refused_without_asking_anybody()
    {
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _model);
        VersionedManifest head = cluster.Local.Head;
        VersionedManifest foreign = head with { Version = head.Version with { Fingerprint = ModelFingerprint.Parse(new string('f', 64)) } };

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => FirstAsync(cluster.Host, Ask(cluster) with { Version = foreign }));

        Assert.Equal(ErrorCode.ModelMismatch, error.Code);
    }

    [Fact]
    public async Task A_silo_without_room_sends_its_requests_to_one_that_has_some()
    {
        using LocalModelHost second = RemoteCluster.LoadModel(maxActive: 1, maxWaiting: 0);
        await using RemoteCluster cluster = await StartGatedAsync(_model, second);
        List<IAsyncEnumerator<GenerationEvent>> running = [];
        for (int i = 0; i < 2; i++)
        {
            running.Add(cluster.Host.QueryAsync(Ask(cluster), default).GetAsyncEnumerator());
            Assert.True(await running[i].MoveNextAsync());
        }

        Assert.Equal((1, 1), (_model.ActiveRequests, second.ActiveRequests));
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => FirstAsync(cluster.Host, Ask(cluster)));
        Assert.Equal(ErrorCode.Overloaded, error.Code);
        foreach (IAsyncEnumerator<GenerationEvent> answer in running) await answer.DisposeAsync();
    }

    [Fact]
    public async Task A_silo_that_drains_ends_what_it_has_and_takes_nothing_new()
    {
        using LocalModelHost second = RemoteCluster.LoadModel();
        await using RemoteCluster cluster = await StartGatedAsync(_model, second);
        IAsyncEnumerator<GenerationEvent> answer = cluster.Host.QueryAsync(Ask(cluster), default).GetAsyncEnumerator();
        Assert.True(await answer.MoveNextAsync());
        int busy = _model.ActiveRequests == 1 ? 0 : 1;

        Task drained = cluster.Services[busy].DrainAsync(default);
        Assert.False(drained.IsCompleted);
        LatentDbException refused = await Assert.ThrowsAsync<LatentDbException>(() => FirstAsync(cluster.Host, Ask(cluster) with { Options = new GenerationOptions { MaxTokens = 100_000 } }));
        Assert.Equal(ErrorCode.InvalidRequest, refused.Code); // It was asked elsewhere, and that silo has read the request.
        _gate.SetResult();
        while (await answer.MoveNextAsync()) Assert.NotNull(answer.Current);
        await answer.DisposeAsync();

        await drained.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_silo_that_leaves_the_view_is_one_that_broke()
    {
        using LocalModelHost second = RemoteCluster.LoadModel();
        await using RemoteCluster cluster = await StartGatedAsync(_model, second);
        IAsyncEnumerator<GenerationEvent> answer = cluster.Host.QueryAsync(Ask(cluster, maxTokens: 24), default).GetAsyncEnumerator();
        Assert.True(await answer.MoveNextAsync());
        string text = ((GeneratedText)answer.Current).Text;
        string busy = _model.ActiveRequests == 1 ? "model-0" : "model-1";

        cluster.View.Set([.. cluster.View.Current.Silos.Where(s => s.Name != busy)]);
        while (cluster.Host.UsableSilos > 1) await Task.Delay(1);
        _gate.SetResult();
        while (await answer.MoveNextAsync())
        {
            if (answer.Current is GeneratedText piece) text += piece.Text;
        }

        await answer.DisposeAsync();
        Assert.Equal(await cluster.Local.AskAsync(Prompt, 24), text.Trim());
    }

    [Fact]
    public async Task An_erased_memory_is_forgotten_by_all_silos_also_by_one_that_was_out_of_reach()
    {
        var time = new ManualTimeProvider();
        var first = new NotingModel(_model);
        var second = new NotingModel(_model);
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(time, first, second);
        cluster.Links.Cut(RemoteCluster.Owner, RemoteCluster.Address(1));

        cluster.Host.Forget(new MemoryUid(9));
        Assert.Equal(new MemoryUid(9), await first.Forgotten);
        cluster.Links.Join(RemoteCluster.Owner, RemoteCluster.Address(1));
        while (!second.Forgotten.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        Assert.Equal(new MemoryUid(9), await second.Forgotten);
    }

    [Fact]
    public async Task A_hint_reaches_the_silo_that_will_be_asked_and_brings_the_rows_there()
    {
        using LocalModelHost writer = RemoteCluster.LoadModel();
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, writer);
        await cluster.Local.InjectAsync(Text, 1);
        cluster.Serve(0, _model); // A silo that has never seen this memory.

        cluster.Host.Prefetch(new PrefetchRequest(cluster.Local.Head, cluster.Blocks) { Memory = new MemoryUid(4) }, default);

        int expected = cluster.Blocks.Reads + (cluster.Local.Head.Manifest.Layers.Length * cluster.Local.Head.Manifest.Blocks.Length);
        while (_model.ResidentBytes == 0 || cluster.Blocks.Reads < expected) await Task.Delay(1);
        await FirstAsync(cluster.Host, Ask(cluster));
        Assert.Equal(expected, cluster.Blocks.Reads);
    }

    [Fact]
    public async Task What_answers_say_of_a_silos_load_sends_later_requests_to_one_with_room()
    {
        using LocalModelHost second = RemoteCluster.LoadModel();
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(new ManualTimeProvider(), new NotingModel(_model) { Others = 7 }, second);
        MemoryUid[] memories = [.. Enumerable.Range(1, 40).Select(i => new MemoryUid((ulong)i * 0x9e3779b97f4a7c15))];
        foreach (MemoryUid memory in memories) await FirstAsync(cluster.Host, Ask(cluster) with { Memory = memory });
        int before = cluster.Links.WritesOf(RemoteCluster.Address(0));

        foreach (MemoryUid memory in memories) await FirstAsync(cluster.Host, Ask(cluster) with { Memory = memory });

        Assert.Equal(before, cluster.Links.WritesOf(RemoteCluster.Address(0))); // The membership says nothing of load in this test.
    }

    [Fact]
    public async Task A_silo_with_another_model_is_never_asked()
    {
        var foreign = new NotingModel(_model) { Model = _model.Describe() with { Fingerprint = ModelFingerprint.Parse(new string('f', 64)) } };
        await using RemoteCluster cluster = await RemoteCluster.StartAsync(TimeProvider.System, _model);
        cluster.Serve(1, foreign);
        cluster.View.Set([.. cluster.View.Current.Silos, RemoteCluster.Member(1)]);
        while (cluster.Links.WritesOf(RemoteCluster.Address(1)) < 3) await Task.Delay(1);

        for (ulong i = 1; i <= 20; i++) await FirstAsync(cluster.Host, Ask(cluster) with { Memory = new MemoryUid(i * 0x9e3779b97f4a7c15) });

        Assert.Equal(1, cluster.Host.UsableSilos);
    }

    public void Dispose() => _model.Dispose();

    /// <summary>Silos whose answers stop after the first step until the gate is open.</summary>
    private Task<RemoteCluster> StartGatedAsync(params LocalModelHost[] models) =>
        RemoteCluster.StartAsync(TimeProvider.System, [.. models.Select(m => new NotingModel(m) { AfterFirst = _gate.Task })]);

    private static QueryRequest Ask(RemoteCluster cluster, int maxTokens = 4) =>
        new(cluster.Local.Head, new TextInput.Plain(Prompt), new GenerationOptions { MaxTokens = maxTokens }, cluster.Blocks);

    private static async Task FirstAsync(IModelHost host, QueryRequest request)
    {
        await foreach (GenerationEvent step in host.QueryAsync(request, default)) Assert.NotNull(step);
    }
}
