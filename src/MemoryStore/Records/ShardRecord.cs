using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>One record of the manifest log, decoded. Memory, time and operation id stand in the frame's header.</summary>
internal abstract record ShardRecord(FrameKind Kind);

/// <summary>An epoch begins: the epochs before it that still hold data, oldest first.</summary>
/// <param name="Before">Their seals: they can never change again.</param>
internal sealed record EpochOpenedRecord(ImmutableArray<EpochSeal> Before) : ShardRecord(FrameKind.EpochOpened);

/// <summary>Where an epoch's two logs ended when the next owner took over.</summary>
internal sealed record EpochSeal(Epoch Epoch, LogSeal Manifest, LogSeal Blocks);

/// <summary>The end of a log: address after the last committed frame, its sequence number and its seal.</summary>
internal readonly record struct LogSeal(long Address, long Sequence, ulong Chain);

/// <summary>The pool and bank that a model brings along, under the uid derived from its fingerprint.</summary>
internal sealed record GenesisRecord(ModelFingerprint Fingerprint, Manifest Manifest, ImmutableArray<StoredBlock> Blocks) : ShardRecord(FrameKind.Genesis);

/// <summary>A memory and its version 1, whose content is the genesis of the fingerprint.</summary>
internal sealed record MemoryCreatedRecord(MemoryKey Key, ModelFingerprint Fingerprint, string? Metadata) : ShardRecord(FrameKind.MemoryCreated);

internal sealed record MemoryDeletedRecord() : ShardRecord(FrameKind.MemoryDeleted);

/// <summary>A version after the first. Exactly one of the three contents is set.</summary>
/// <param name="Version">Without time and operation id, which stand in the header.</param>
/// <param name="Deltas">Content: the parent's content with these applied.</param>
/// <param name="Image">Content: this manifest.</param>
/// <param name="SameAs">Content: that of this older version.</param>
/// <param name="Blocks">The blocks that this version added.</param>
internal sealed record VersionRecord(
    MemoryVersion Version,
    ImmutableArray<ManifestDelta> Deltas,
    Manifest? Image,
    VersionNumber? SameAs,
    ImmutableArray<StoredBlock> Blocks) : ShardRecord(FrameKind.Version);

internal sealed record SnapshotCreatedRecord(SnapshotName Name, VersionNumber Version) : ShardRecord(FrameKind.SnapshotCreated);

internal sealed record SnapshotDeletedRecord(SnapshotName Name) : ShardRecord(FrameKind.SnapshotDeleted);

/// <summary>The whole index, so that recovery need not read what came before.</summary>
internal sealed record CheckpointRecord(ImmutableArray<GenesisState> Genesis, ImmutableArray<MemoryState> Memories) : ShardRecord(FrameKind.Checkpoint);

internal sealed record GenesisState(ModelFingerprint Fingerprint, RecordLocation Location, ImmutableArray<StoredBlock> Blocks);

internal sealed record MemoryState(
    MemoryUid Uid,
    MemoryKey Key,
    HybridTimestamp CreatedAt,
    string? Metadata,
    ImmutableArray<VersionState> Versions,
    ImmutableArray<Snapshot> Snapshots,
    ImmutableArray<StoredBlock> Blocks);

/// <summary>What the index keeps of one version.</summary>
/// <param name="Version">The version itself.</param>
/// <param name="Content">How its manifest is found.</param>
/// <param name="SameAs">For <see cref="ContentKind.SameAs"/>: the version that holds the content; never itself a reference.</param>
/// <param name="Location">For deltas and images: the record.</param>
/// <param name="Depth">Deltas between this content and the nearest image or genesis.</param>
internal sealed record VersionState(MemoryVersion Version, ContentKind Content, VersionNumber? SameAs, RecordLocation? Location, int Depth);

/// <summary>How a version's manifest is found. The values are the on-disk format.</summary>
internal enum ContentKind : byte
{
    Genesis = 1,
    Deltas = 2,
    Image = 3,
    SameAs = 4,
}
