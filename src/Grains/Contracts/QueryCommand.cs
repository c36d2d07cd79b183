using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Contracts;

/// <summary>Asks the model with one version of a memory.</summary>
public sealed record QueryCommand(TextInput Prompt, GenerationOptions Options, VersionSelector At);

/// <summary>A step of an answer.</summary>
public abstract record QueryEvent;

/// <summary>The version that is read; comes first.</summary>
public sealed record QueryStarted(VersionNumber Version) : QueryEvent;

/// <summary>What the model yields.</summary>
public sealed record QueryGenerated(GenerationEvent Event) : QueryEvent;
