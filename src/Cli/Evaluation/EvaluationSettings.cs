namespace LatentDb.Cli.Evaluation;

/// <summary>What all protocols have in common.</summary>
/// <param name="Seed">Everything random is drawn from it: order of the unrelated texts, drops.</param>
/// <param name="Parallel">Memories at once.</param>
/// <param name="MaxTokens">Longest answer.</param>
/// <param name="Stop">Strings that end an answer.</param>
/// <param name="KeepsMemories">True: memories stay on the server when their item is done.</param>
internal sealed record EvaluationSettings(int Seed, int Parallel, int MaxTokens, IReadOnlyList<string> Stop, bool KeepsMemories);
