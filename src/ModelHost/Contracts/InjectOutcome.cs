using System.Collections.Immutable;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Contracts;

/// <summary>What an inject did, ready to be committed.</summary>
/// <param name="Deltas">One per chunk, in order.</param>
/// <param name="Tokens">Tokens of the text, padding not counted.</param>
/// <param name="PaddedTokens">Tokens that the short-text rule added.</param>
/// <param name="Timings">Time per stage.</param>
public sealed record InjectOutcome(ImmutableArray<ManifestDelta> Deltas, int Tokens, int PaddedTokens, StageTimings Timings);
