using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Prompts that begin like an earlier one.</summary>
public sealed class PromptPrefixTests
{
    private static readonly TinyModelOptions Plain = new();

    [Theory]
    [InlineData(200, 200, 192)]
    [InlineData(200, 128, 64)] // the last row is always computed: its logits are wanted
    [InlineData(200, 129, 128)]
    [InlineData(64, 300, 64)]
    public async Task A_prefill_that_goes_on_from_a_known_beginning_answers_bit_for_bit_as_if_it_knew_nothing(int first, int second, int reused)
    {
        using var host = new TinyHost(Plain);
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), 3);
        int[] ids = host.Ids(300);
        using PromptPrefix known = await ShareAsync(host, memory, ids[..first]);
        float[][] expected = await AnswerAsync(host, memory, ids[..second], null);
        host.Backend.Take();

        float[][] logits = await AnswerAsync(host, memory, ids[..second], known);

        Assert.Equal(reused, known.UsableRows(ids.AsSpan(0, second)));
        Assert.Equal((2 * (second - reused)) + 1 + 3, host.Backend.Attentions.Sum(call => call.Queries)); // the last layer takes one row, the token after it one in each
        Assert.Equal(expected, logits);
    }

    [Fact]
    public async Task Only_whole_pages_of_the_common_beginning_are_used()
    {
        using var host = new TinyHost(Plain);
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(200);
        int[] other = [.. ids[..100], (ids[100] + 1) % 131, .. ids[101..]];
        using PromptPrefix known = await ShareAsync(host, genesis, ids);

        Assert.Equal(64, known.UsableRows(other));
        Assert.Equal(0, known.UsableRows([(ids[0] + 1) % 131, .. ids[1..]]));
        Assert.Equal(await AnswerAsync(host, genesis, other, null), await AnswerAsync(host, genesis, other, known));
    }

    // What a layer retrieves depends on the whole prompt, and the text of the next layer on what was retrieved.
    [Fact]
    public async Task Where_the_prompt_chooses_bank_rows_only_the_same_prompt_uses_them()
    {
        using var host = new TinyHost(TinyModelOptions.MPlus);
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(150);
        using PromptPrefix known = await ShareAsync(host, genesis, ids);
        float[][] expected = await AnswerAsync(host, genesis, ids, null);
        host.Backend.Take();

        float[][] logits = await AnswerAsync(host, genesis, ids, known);

        Assert.Equal(0, host.Backend.Take().Retrievals);
        Assert.Equal(expected, logits);
        Assert.Equal(128, known.UsableRows(ids));
        Assert.Equal(0, known.UsableRows([.. ids, 1]));
        Assert.Null(known.RetrievedBy([.. ids, 1]));
    }

    [Fact]
    public async Task Where_the_bank_is_read_whole_a_longer_prompt_uses_the_beginning()
    {
        using var host = new TinyHost(TinyModelOptions.MPlus with { BankRows = 5 });
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(150);
        using PromptPrefix known = await ShareAsync(host, genesis, ids[..100]);

        Assert.Equal(64, known.UsableRows(ids));
        Assert.Equal(await AnswerAsync(host, genesis, ids, null), await AnswerAsync(host, genesis, ids, known));
    }

    [Fact]
    public async Task A_session_goes_on_reading_pages_of_a_prefix_that_was_thrown_away()
    {
        using var host = new TinyHost(Plain);
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(150);
        float[][] expected = await AnswerAsync(host, genesis, ids, null);
        PromptPrefix known = await ShareAsync(host, genesis, ids);
        using ReadSession session = await host.PrefillAsync(genesis, ids, known: known);
        float[] first = session.Logits.ToArray();
        known.Dispose();

        float[][] others = await AnswerAsync(host, genesis, host.Ids(200, seed: 3), null); // takes the pages if they are free
        host.Extend(session, 5);

        Assert.Equal(expected, [first, session.Logits.ToArray()]);
        Assert.NotEqual(expected, others);
    }

    [Fact]
    public async Task A_prompt_shorter_than_a_page_leaves_nothing_to_share()
    {
        using var host = new TinyHost(Plain);
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(63);
        using ReadSession session = await host.PrefillAsync(genesis, ids);

        Assert.Null(host.Model.Share(session, genesis, ids));
    }

    private static async Task<PromptPrefix> ShareAsync(TinyHost host, Manifest memory, int[] ids)
    {
        using ReadSession session = await host.PrefillAsync(memory, ids);
        host.Extend(session, 9); // what is shared is the prompt, not the answer
        return host.Model.Share(session, memory, ids)!;
    }

    /// <summary>Logits of the prompt and after one more token.</summary>
    private static async Task<float[][]> AnswerAsync(TinyHost host, Manifest memory, int[] ids, PromptPrefix? known)
    {
        using ReadSession session = await host.PrefillAsync(memory, ids, known: known);
        float[] first = session.Logits.ToArray();
        host.Extend(session, 5);
        return [first, session.Logits.ToArray()];
    }
}
