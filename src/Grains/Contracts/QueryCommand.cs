using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Contracts;

/// <summary>Asks the model with one version of a memory.</summary>
/// <param name="Prompt">What is asked.</param>
/// <param name="Options">How the answer is generated.</param>
/// <param name="At">The version.</param>
/// <param name="ReadsBank">False: the answer comes from the pool alone.</param>
public sealed record QueryCommand(TextInput Prompt, GenerationOptions Options, VersionSelector At, bool ReadsBank = true);

/// <summary>A step of an answer.</summary>
public abstract record QueryEvent;

/// <summary>The version that is read; comes first.</summary>
public sealed record QueryStarted(VersionNumber Version) : QueryEvent;

/// <summary>What the model yields.</summary>
public sealed record QueryGenerated(GenerationEvent Event) : QueryEvent;
