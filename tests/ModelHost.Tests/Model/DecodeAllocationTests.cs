using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Generation;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>What a decoded token costs the garbage collector: nothing, in no thread. Runs alone, because the runtime counts bytes for the whole process.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DecodeAllocationTests
{
    private const string Name = "Allocations of the whole process";
    private const int Tokens = 100; // over the border of two pages
    private const int SmallestObject = 24;
    private const int Rounds = Allocations.Rounds + 1; // the first fills pools

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    public async Task A_decoded_token_allocates_nothing_in_any_thread(bool isMPlus, int sessions)
    {
        using var host = new TinyHost(isMPlus ? TinyModelOptions.MPlus : new TinyModelOptions(), threads: 2);
        host.Backend.Records = false;
        Manifest genesis = await host.GenesisAsync();
        long all = long.MaxValue;
        var rounds = new Queue<ReadSession[]>();
        for (int round = 0; round < Rounds; round++)
            rounds.Enqueue(await Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => host.PrefillAsync(genesis, host.Ids(9), newTokens: Tokens))));
        Sampler[] samplers = [.. Enumerable.Range(0, sessions).Select(i => new Sampler(Sampling(i), host.Size.Vocabulary))];
        int[] ids = new int[sessions];

        long own = Allocations.LeastOf(() => all = Math.Min(all, Decode(host, rounds.Dequeue(), samplers, ids)));

        Assert.Equal(0, own);
        Assert.InRange(all, 0, Tokens * SmallestObject / 2); // the runtime's own threads allocate a little; a worker that did so for every other token would not pass
    }

    /// <summary>Steps and samples to the end, and gives the text's pages back to the next round; returns bytes allocated by all threads.</summary>
    private static long Decode(TinyHost host, ReadSession[] answers, Sampler[] samplers, int[] ids)
    {
        long all = GC.GetTotalAllocatedBytes(precise: true);
        for (int token = 0; token < Tokens; token++)
        {
            for (int i = 0; i < ids.Length; i++) ids[i] = samplers[i].Next(answers[i].Logits);
            host.Model.Step(answers, ids);
        }

        all = GC.GetTotalAllocatedBytes(precise: true) - all;
        foreach (ReadSession answer in answers) answer.Dispose();
        return all;
    }

    private static GenerationOptions Sampling(int answer) => answer switch
    {
        0 => new GenerationOptions { RepetitionPenalty = 1.1f },
        1 => new GenerationOptions { Temperature = 0.6f, TopP = 0.9f },
        2 => new GenerationOptions { Temperature = 1, TopK = 20 },
        _ => new GenerationOptions { Temperature = 1 },
    };
}
