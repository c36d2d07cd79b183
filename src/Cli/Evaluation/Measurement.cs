namespace LatentDb.Cli.Evaluation;

/// <summary>One answer and what it was worth.</summary>
/// <param name="Item">Which question of the data set.</param>
/// <param name="Series">What is compared: "pool", "pool+bank", a category.</param>
/// <param name="Step">Injects between the fact and the question; 0 where a protocol has none.</param>
/// <param name="Score">0 to 1.</param>
/// <param name="Answer">What the model said.</param>
/// <param name="Expected">What it should have said.</param>
/// <param name="Bytes">Stored bytes of the memory's own blocks at that moment; null where it was not asked.</param>
internal sealed record Measurement(int Item, string Series, int Step, double Score, string Answer, string Expected, long? Bytes = null);
