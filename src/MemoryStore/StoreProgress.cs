namespace LatentDb.MemoryStore;

/// <summary>How far a long piece of work has come.</summary>
/// <param name="Stage">What is being done, in one or two words.</param>
/// <param name="Done">Units done of this stage.</param>
/// <param name="Total">Units of this stage; 0 = not known.</param>
public readonly record struct StoreProgress(string Stage, long Done, long Total);
