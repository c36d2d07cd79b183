using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Answers of several memories, decoded together.</summary>
public sealed class StepTests
{
    private static readonly TinyModelOptions Sizes = TinyModelOptions.MPlus with { WritesPerMerge = 4, InitialLife = 20 };

    // The law that makes an answer independent of the load: 1 to 16 neighbours, of other versions, other lengths, other tokens.
    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    public async Task A_session_computes_the_same_bits_whatever_is_decoded_beside_it(int sessions)
    {
        using var host = new TinyHost(Sizes);
        Manifest[] versions = await VersionsAsync(host, sessions);
        float[][] alone = new float[sessions][];
        for (int i = 0; i < sessions; i++)
        {
            using ReadSession session = await host.PrefillAsync(versions[i], Prompt(host, i), newTokens: 70);
            for (int token = 0; token < 70; token++) host.Extend(session, Token(i, token));
            alone[i] = session.Logits.ToArray();
        }

        ReadSession[] together = await Task.WhenAll(versions.Select((version, i) => host.PrefillAsync(version, Prompt(host, i), newTokens: 70)));
        for (int token = 0; token < 70; token++) host.Model.Step(together, [.. Enumerable.Range(0, sessions).Select(i => Token(i, token))]);

        for (int i = 0; i < sessions; i++) Assert.Equal(alone[i], together[i].Logits.ToArray());
        foreach (ReadSession session in together) session.Dispose();
    }

    [Fact]
    public async Task A_full_session_stops_a_step_before_anything_is_computed()
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        using ReadSession full = await host.PrefillAsync(genesis, host.Ids(5), newTokens: 0);
        using ReadSession other = await host.PrefillAsync(genesis, host.Ids(5), newTokens: 3);

        Assert.False(full.HasRoom);
        Assert.Throws<InvalidOperationException>(() => host.Model.Step([other, full], [1, 2]));
        Assert.Equal(5, other.TextRows);
    }

    private static async Task<Manifest[]> VersionsAsync(TinyHost host, int count)
    {
        var versions = new Manifest[count];
        for (int i = 0; i < count; i++) versions[i] = i == 0 ? await host.GenesisAsync() : await host.WriteManyAsync(versions[i - 1], 1, firstSeed: 40 + i);
        return versions;
    }

    /// <summary>Lengths around the borders of pages.</summary>
    private static int[] Prompt(TinyHost host, int session) => host.Ids(((session * 37) % 130) + 1, seed: session + 1);

    private static int Token(int session, int step) => ((session * 31) + (step * 7)) % 131;
}
