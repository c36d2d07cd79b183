using LatentDb.VsPyTorch.Memories;

namespace LatentDb.VsPyTorch;

/// <summary>The model's work as contests.</summary>
internal sealed class ModelContests(Settings settings, LoadedModel model, OurSide ours, Floors floors, Report report, IReadOnlyList<PythonPeer> peers)
{
    private readonly Random _random = new(1);
    private readonly ModelCost _cost = CostOf(settings, model);

    // PyTorch's rate does not depend on how long it goes on, and it is slow.
    private int DecodedTokensOfPeers => settings.IsTiny ? 64 : 24;

    private int InjectTokens => model.Facts.MaxChunkTokens;

    public async Task AgreeAsync(PythonPeer peer, (string Name, RandomMemory Memory)[] memories, int promptTokens)
    {
        var agreement = new Agreement(model, ours, peer, report);
        foreach ((string name, RandomMemory memory) in memories) await agreement.CheckAnswersAsync(memory, name, promptTokens);
        await agreement.CheckRowsAsync(memories[0].Memory, memories[0].Name, InjectTokens);
    }

    public async Task InjectAsync(RandomMemory memory)
    {
        int[] ids = Draw(InjectTokens);
        var contest = new Contest($"inject of {ids.Length} tokens", "s", LessIsBetter: true) { Bar = 1.5, Floor = floors.Seconds(_cost.InjectFlops(ids.Length), 0) };
        report.Add(await contest.RunAsync(settings.Rounds, Contest.Sides(
            peers,
            () => ours.InjectAsync(memory, ids),
            peer => peer.SecondsAsync(new { @do = "inject", name = "m0", ids }))));
    }

    /// <summary>Returns our own median, in seconds.</summary>
    public async Task<double> FirstTokenAsync(RandomMemory memory, string name, int tokens, string over, double? bar)
    {
        int[] ids = Draw(tokens);
        var contest = new Contest($"first token of a {tokens}-token question over {over}", "s", LessIsBetter: true)
        {
            Bar = bar,
            Floor = floors.Seconds(_cost.PrefillFlops(tokens), _cost.PrefillBytes),
        };
        ContestResult result = await contest.RunAsync(settings.Rounds, Contest.Sides(
            peers,
            () => ours.FirstTokenAsync(memory, ids),
            peer => peer.SecondsAsync(new { @do = "query", name, ids, follow = Array.Empty<int>() })));
        report.Add(result);
        return result.Medians[0];
    }

    public async Task DecodeAsync(RandomMemory[] memories, int promptTokens, double? bar)
    {
        int[] ids = Draw(promptTokens);
        string[] names = [.. memories.Select((_, i) => $"m{i}")];
        string what = memories.Length == 1 ? "decode, 1 stream" : $"decode, {memories.Length} memories at once";
        var contest = new Contest(what, "tokens/s", LessIsBetter: false)
        {
            Bar = bar,
            Floor = memories.Length / floors.Seconds(_cost.StepFlops(memories.Length), _cost.StepBytes(memories.Length)),
        };
        int rounds = memories.Length == 1 ? settings.Rounds : Math.Max(1, settings.Rounds / 2);
        ContestResult result = await contest.RunAsync(rounds, Contest.Sides(
            peers,
            () => ours.DecodeAsync(memories, ids, DecodedTokens(memories.Length)),
            async peer => memories.Length * (DecodedTokensOfPeers - 1) / await peer.SecondsAsync(new { @do = "decode", names, ids, tokens = DecodedTokensOfPeers })));
        report.Add(result);
    }

    // Sixteen prompts are read while the first answers go on already; the answers must outlast that.
    private int DecodedTokens(int memories) => settings.IsTiny ? 256 : memories == 1 ? 160 : 480;

    private int[] Draw(int count) => Words.Draw(_random, count, model.Facts.VocabularySize);

    private static ModelCost CostOf(Settings settings, LoadedModel model)
    {
        // The shapes of training/random_checkpoint.py: a third of the heads are key heads (a half in the tiny one).
        int d = model.Facts.HiddenSize;
        int kv = settings.IsTiny ? d / 2 : d / 3;
        int ff = settings.IsTiny ? 160 : 2048;
        return new ModelCost(model.Facts, (2.0 * d * d) + (2.0 * d * kv) + (3.0 * d * ff), kv, settings.IsTiny ? sizeof(float) : sizeof(ushort));
    }
}
