using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Contracts;

/// <summary>Writes text into a memory.</summary>
/// <param name="Text">What is written.</param>
/// <param name="Seed">What the drops are drawn from; null = the grain draws one and stores it.</param>
/// <param name="ExpectedHead">Refuse unless this is the head; null = any.</param>
/// <param name="Origin">Who asks, and the idempotency key: a second inject under it changes nothing and gets the first one's version.</param>
public sealed record InjectCommand(TextInput Text, ulong? Seed, VersionNumber? ExpectedHead, WriteOrigin Origin)
{
    /// <summary>A JSON object as text that is kept with the version; null = none.</summary>
    public string? Metadata { get; init; }
}

/// <summary>What an inject did.</summary>
/// <param name="Version">The version that it made, or that the first call under the same key made.</param>
/// <param name="PaddedTokens">Tokens that the short-text rule added; 0 for a replay.</param>
/// <param name="Timings">Time per stage; zero for a replay.</param>
/// <param name="IsReplay">True: nothing was written now.</param>
public sealed record InjectResult(MemoryVersion Version, int PaddedTokens, StageTimings Timings, bool IsReplay);
