using System.Collections.Immutable;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Diff;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Contracts;

/// <summary>What became of a memory between two of its versions.</summary>
/// <param name="Rows">Blocks and rows.</param>
/// <param name="Added">Injects that the version to arrive at contains and the other does not, oldest first.</param>
/// <param name="Removed">Injects that the version to start from contains and the other does not, oldest first: a rollback undid them, or it is the newer one.</param>
public sealed record MemoryDiff(VersionDiff Rows, ImmutableArray<InjectedText> Added, ImmutableArray<InjectedText> Removed);

/// <summary>One inject.</summary>
/// <param name="Version">The version that it made.</param>
/// <param name="Text">What was written; null when the text was not kept, or when the texts before it fill the answer.</param>
public sealed record InjectedText(MemoryVersion Version, TextInput? Text);
