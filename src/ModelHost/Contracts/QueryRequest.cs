using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Contracts;

/// <summary>One query: the version to read, the prompt, and how to generate.</summary>
public sealed record QueryRequest(VersionedManifest Version, TextInput Prompt, GenerationOptions Options, IBlockSource Source);
