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

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    public async Task A_decoded_token_allocates_nothing_in_any_thread(bool isMPlus, int sessions)
    {
        using var host = new TinyHost(isMPlus ? TinyModelOptions.MPlus : new TinyModelOptions(), threads: 2);
        host.Backend.Records = false;
        Manifest genesis = await host.GenesisAsync();
        long own = long.MaxValue;
        long all = long.MaxValue;
        for (int round = 0; round < 6; round++) // the first fill pools and let the compiler finish; the runtime itself allocates now and then
        {
            ReadSession[] answers = await Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => host.PrefillAsync(genesis, host.Ids(9), newTokens: Tokens)));
            (long ownBytes, long allBytes) = Decode(host, answers);
            own = Math.Min(own, ownBytes);
            all = Math.Min(all, allBytes);
            foreach (ReadSession answer in answers) answer.Dispose();
        }

        Assert.Equal(0, own);
        Assert.InRange(all, 0, Tokens * SmallestObject / 2); // the runtime's own threads allocate a little; a worker that did so for every other token would not pass
    }

    /// <summary>Steps and samples; returns bytes allocated by this thread and by all.</summary>
    private static (long Own, long All) Decode(TinyHost host, ReadSession[] answers)
    {
        Sampler[] samplers = [.. answers.Select((_, i) => new Sampler(Sampling(i), host.Size.Vocabulary))];
        int[] ids = new int[answers.Length];
        long all = GC.GetTotalAllocatedBytes(precise: true);
        long own = GC.GetAllocatedBytesForCurrentThread();
        for (int token = 0; token < Tokens; token++)
        {
            for (int i = 0; i < ids.Length; i++) ids[i] = samplers[i].Next(answers[i].Logits);
            host.Model.Step(answers, ids);
        }

        own = GC.GetAllocatedBytesForCurrentThread() - own;
        return (own, GC.GetTotalAllocatedBytes(precise: true) - all);
    }

    private static GenerationOptions Sampling(int answer) => answer switch
    {
        0 => new GenerationOptions { RepetitionPenalty = 1.1f },
        1 => new GenerationOptions { Temperature = 0.6f, TopP = 0.9f },
        2 => new GenerationOptions { Temperature = 1, TopK = 20 },
        _ => new GenerationOptions { Temperature = 1 },
    };
}
