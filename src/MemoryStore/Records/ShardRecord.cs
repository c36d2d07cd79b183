using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Records;

/// <summary>One record of the manifest log, decoded. Memory and time stand in the frame's header.</summary>
internal abstract record ShardRecord(FrameKind Kind);

/// <summary>An epoch begins; a checkpoint follows.</summary>
/// <param name="Epoch">The owner.</param>
internal sealed record EpochOpenedRecord(Epoch Epoch) : ShardRecord(FrameKind.EpochOpened);

/// <summary>Where an epoch's two logs ended when the next owner took over.</summary>
internal sealed record EpochSeal(Epoch Epoch, LogSeal Manifest, LogSeal Blocks);

/// <summary>The end of a log: address after the last committed frame, its sequence number and its seal.</summary>
internal readonly record struct LogSeal(long Address, long Sequence, ulong Chain);

/// <summary>What every memory of a model begins with. Its blocks' owner uid is derived from its fingerprint.</summary>
internal sealed record GenesisRecord(ModelFingerprint Fingerprint, Manifest Manifest, ImmutableArray<StoredBlock> Blocks) : ShardRecord(FrameKind.Genesis);

/// <summary>A memory and its version 1, whose content is the genesis of the fingerprint.</summary>
internal sealed record MemoryCreatedRecord(MemoryKey Key, ModelFingerprint Fingerprint, string? Metadata, string? Author) : ShardRecord(FrameKind.MemoryCreated)
{
    /// <summary>The key that it was created under.</summary>
    public WriteKey? Under { get; init; }
}

/// <summary>The idempotency key of a write, and what was asked for.</summary>
internal sealed record WriteKey(string Key, RequestDigest? Digest)
{
    public static WriteKey? Of(WriteOrigin origin) => origin.OperationId is string key ? new WriteKey(key, origin.Digest) : null;
}

/// <summary>The end of a memory. A replay cannot read its state any more, so what that state counted for is told here.</summary>
/// <param name="State">Its newest stored state; null when no checkpoint has stored one.</param>
/// <param name="Usage">Bytes that this state refers to.</param>
internal sealed record MemoryErasedRecord(RecordLocation? State, ImmutableArray<SegmentUsage> Usage) : ShardRecord(FrameKind.MemoryErased)
{
    /// <summary>Digest of the memory's name and the key that it was erased under; null = under none.</summary>
    public RequestDigest? Under { get; init; }
}

/// <summary>A version after the first, or the content of any version. Exactly one of the three contents is set.</summary>
/// <param name="Version">Without its time, which stands in the header.</param>
/// <param name="Deltas">Content: the parent's content with these applied.</param>
/// <param name="Image">Content: this manifest.</param>
/// <param name="SameAs">Content: that of this older version.</param>
/// <param name="Blocks">The blocks that this version added.</param>
/// <param name="Text">The injected text, when it is kept.</param>
internal sealed record VersionRecord(
    MemoryVersion Version,
    ImmutableArray<ManifestDelta> Deltas,
    Manifest? Image,
    VersionNumber? SameAs,
    ImmutableArray<StoredBlock> Blocks,
    string? Text) : ShardRecord(FrameKind.Version)
{
    /// <summary>What was asked for, when the version was made under a key.</summary>
    public RequestDigest? Digest { get; init; }

    /// <summary>The item of an accepted operation that it makes.</summary>
    public OperationStep? Step { get; init; }
}

internal sealed record SnapshotCreatedRecord(SnapshotName Name, VersionNumber Version) : ShardRecord(FrameKind.SnapshotCreated)
{
    /// <summary>The key that it was made under.</summary>
    public WriteKey? Under { get; init; }
}

internal sealed record SnapshotDeletedRecord(SnapshotName Name) : ShardRecord(FrameKind.SnapshotDeleted)
{
    /// <summary>The key that it was deleted under.</summary>
    public WriteKey? Under { get; init; }
}

/// <summary>A fork or an import: the whole memory, whose contents stand in the log already.</summary>
internal sealed record MemoryAddedRecord(MemoryState State) : ShardRecord(FrameKind.MemoryAdded);

/// <summary>Retention dropped versions of a memory.</summary>
/// <param name="Gaps">All versions that the memory does not have any more, ascending; those of earlier drops included.</param>
/// <param name="Images">Versions that lost the one they were based on, and where their whole manifest stands now.</param>
/// <param name="Blocks">Blocks that no version names any more.</param>
internal sealed record VersionsDroppedRecord(
    ImmutableArray<VersionGap> Gaps, ImmutableArray<VersionPlace> Images, ImmutableArray<BlockId> Blocks) : ShardRecord(FrameKind.VersionsDropped);

/// <summary>Records stand at other places now, byte for byte the same content.</summary>
internal sealed record RelocatedRecord(ImmutableArray<MemoryRelocation> Memories, ImmutableArray<GenesisState> Genesis) : ShardRecord(FrameKind.Relocated);

internal sealed record MemoryRelocation(MemoryUid Memory, ImmutableArray<VersionPlace> Versions, ImmutableArray<SlicePlace> Slices);

internal sealed record VersionPlace(VersionNumber Version, RecordLocation Location);

internal sealed record SlicePlace(SliceAddress Slice, RecordLocation Location);

/// <summary>Everything that the index knows of one memory, as of the checkpoint that follows.</summary>
internal sealed record MemoryStateRecord(MemoryState State) : ShardRecord(FrameKind.MemoryState);

/// <summary>Part of the directory; a later page overrules an earlier one.</summary>
/// <param name="Items">Memories and where their state stands.</param>
/// <param name="Removed">Memories that earlier pages name and that are gone.</param>
internal sealed record DirectoryPageRecord(ImmutableArray<DirectoryItem> Items, ImmutableArray<MemoryUid> Removed) : ShardRecord(FrameKind.DirectoryPage);

/// <param name="Uid">The memory.</param>
/// <param name="Key">Its name.</param>
/// <param name="State">Its state record.</param>
/// <param name="Lenders">Memories whose blocks it names: that of its source, for a fork.</param>
/// <param name="Bytes">Bytes of the blocks that it names; -1 = not counted.</param>
/// <param name="IsWaiting">True when it has operations that are pending.</param>
internal sealed record DirectoryItem(MemoryUid Uid, MemoryKey Key, RecordLocation State, ImmutableArray<MemoryUid> Lenders, long Bytes, bool IsWaiting);

/// <summary>Where recovery begins.</summary>
/// <param name="Before">Earlier epochs that hold live records, oldest first.</param>
/// <param name="Genesis">Every model's genesis.</param>
/// <param name="Pages">The directory: full pages, then the changes since, in order.</param>
/// <param name="Usage">Bytes of live records in each segment.</param>
internal sealed record CheckpointRecord(
    ImmutableArray<EpochSeal> Before,
    ImmutableArray<GenesisState> Genesis,
    ImmutableArray<RecordLocation> Pages,
    ImmutableArray<SegmentUsage> Usage) : ShardRecord(FrameKind.Checkpoint)
{
    /// <summary>Erasures that were made under a key, oldest first.</summary>
    public ImmutableArray<RequestDigest> Erasures { get; init; } = [];
}

internal sealed record GenesisState(ModelFingerprint Fingerprint, RecordLocation Location, ImmutableArray<StoredBlock> Blocks);

/// <summary>A segment file of one log of one epoch.</summary>
internal readonly record struct SegmentId(Epoch Epoch, LogName Log, int Segment);

/// <summary>Bytes of the frames in a segment that something refers to; those that two memories name count twice.</summary>
internal readonly record struct SegmentUsage(SegmentId Segment, long Bytes);

/// <summary>The two logs of an epoch. The values are part of the on-disk format, and of every nonce.</summary>
internal enum LogName : byte
{
    Manifest = 1,
    Blocks = 2,
}

internal sealed record MemoryState(
    MemoryUid Uid,
    MemoryKey Key,
    HybridTimestamp CreatedAt,
    ModelFingerprint Fingerprint,
    string? Metadata,
    ImmutableArray<VersionState> Versions,
    ImmutableArray<VersionGap> Gaps,
    ImmutableArray<Snapshot> Snapshots,
    ImmutableArray<StoredBlock> Blocks)
{
    /// <summary>Writes that were made under an idempotency key, oldest first.</summary>
    public ImmutableArray<KeyedWrite> Keys { get; init; } = [];

    /// <summary>Accepted writes in the order of their acceptance.</summary>
    public ImmutableArray<OperationState> Operations { get; init; } = [];
}

/// <summary>Injects were accepted: from now on they will be made, whatever happens to the process.</summary>
/// <param name="Uid">The operation.</param>
/// <param name="Draft">What is to be made; read again when it is.</param>
/// <param name="IsMoved">The record of an operation that is known already stands here now; without effect once it has ended.</param>
internal sealed record OperationAcceptedRecord(OperationUid Uid, OperationDraft Draft, bool IsMoved) : ShardRecord(FrameKind.OperationAccepted);

/// <summary>An operation ended otherwise than by the version of its last item.</summary>
internal sealed record OperationEndedRecord(
    OperationUid Uid, OperationStatus Status, ImmutableArray<VersionNumber?> Versions, OperationFailure? Failure) : ShardRecord(FrameKind.OperationEnded);

/// <summary>What the index keeps of an operation.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Location">The record with its texts while it is pending; then null, and the record is garbage.</param>
internal sealed record OperationState(WriteOperation Operation, RecordLocation? Location);

/// <summary>Versions that retention dropped.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="From">When the first was committed: from then until the next kept version, a point in time has no answer.</param>
internal readonly record struct VersionGap(VersionNumber First, VersionNumber Last, HybridTimestamp From);

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
