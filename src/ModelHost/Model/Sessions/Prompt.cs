namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>What a prefill reads.</summary>
/// <param name="Ids">The tokens, at least one.</param>
/// <param name="Known">What an earlier prefill over the same version left, which need not have had the same prompt; used only while the pass begins.</param>
/// <param name="ReadsBank">False: nothing is retrieved.</param>
internal readonly record struct Prompt(ReadOnlyMemory<int> Ids, PromptPrefix? Known = null, bool ReadsBank = true);
