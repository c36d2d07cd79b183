namespace LatentDb.Cli.Evaluation.Data;

/// <summary>A text that says something, a prompt that asks for it, and the answer. A line of <c>heldout.jsonl</c>.</summary>
/// <param name="Chunk">Injected as one text.</param>
/// <param name="Question">The prompt, as the model gets it.</param>
/// <param name="Answer">What the text says.</param>
internal sealed record Fact(string Chunk, string Question, string Answer);

/// <summary>A text about other things. A line of <c>unrelated.jsonl</c>.</summary>
internal sealed record UnrelatedText(string Chunk);

/// <summary>A fact, and a later text that contradicts it. A line of <c>updates.jsonl</c>.</summary>
/// <param name="Old">Injected first.</param>
/// <param name="New">Injected later.</param>
/// <param name="Question">The prompt.</param>
/// <param name="OldAnswer">What the first text says.</param>
/// <param name="NewAnswer">What the second text says.</param>
internal sealed record Change(string Old, string New, string Question, string OldAnswer, string NewAnswer);
