using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Staging;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>One import: stages blocks and contents into a shard, and collects the state that makes them a memory.</summary>
/// <param name="intake">Owned by the caller.</param>
/// <param name="memory">What the archive holds.</param>
/// <param name="options">Who imports, kept with the version that an archive of one version begins with; and whether that is a fork.</param>
internal sealed class MemoryImport(MemoryIntake intake, ArchivedMemory memory, ImportOptions options) : IImportTarget
{
    private readonly ImmutableArray<VersionState>.Builder _versions = ImmutableArray.CreateBuilder<VersionState>();
    private readonly HashSet<BlockId> _blocks = [];

    private bool IsOneVersion => memory.Extent == ArchiveExtent.OneVersion;

    /// <inheritdoc/>
    public BlockId NextBlock() => intake.NextBlock();

    /// <inheritdoc/>
    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        _blocks.Add(slice.Address.Block);
        return intake.StageAsync(slice, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask StageAsync(CheckedVersion version, CancellationToken cancellationToken)
    {
        ArchivedVersion record = version.Record;
        MemoryVersion known = options.IsFork ? Forked(record.Version) : IsOneVersion ? First(record.Version) : record.Version;
        if (record.SameAs is not null)
        {
            _versions.Add(new VersionState(known, ContentKind.SameAs, record.SameAs, null, version.Depth));
            return;
        }

        if (record.IsGenesis)
        {
            _versions.Add(new VersionState(known, ContentKind.Genesis, null, null, 0));
            return;
        }

        var content = new VersionRecord(known, record.Deltas, record.Image, null, [], options.IsFork ? null : record.Text);
        RecordLocation location = await intake.StageContentAsync(content, cancellationToken).ConfigureAwait(false);
        ContentKind kind = record.Image is null ? ContentKind.Deltas : ContentKind.Image;
        _versions.Add(new VersionState(known, kind, null, location, version.Depth));
    }

    /// <summary>The whole memory, after the archive's end.</summary>
    public MemoryState ToState(VersionCheck read) => new(
        intake.Uid,
        intake.Key,
        IsOneVersion ? default : memory.CreatedAt,
        memory.Fingerprint,
        options.IsFork ? options.ForkMetadata : memory.Metadata,
        _versions.ToImmutable(),
        read.Gaps,
        read.Snapshots,
        intake.ToBlocks(_blocks))
    {
        Keys = MemoryIntake.KeysOf(options.Origin, options.IsFork ? WriteVerb.Fork : WriteVerb.Import),
    };

    /// <summary>An archive of one version begins another memory, now.</summary>
    private MemoryVersion First(MemoryVersion archived) => archived with
    {
        Number = VersionNumber.First,
        Parent = null,
        Cause = VersionCause.Import,
        RestoredFrom = null,
        CommittedAt = default(HybridTimestamp),
        OperationId = options.Origin.OperationId,
        Author = options.Origin.Author,
        ForkedFrom = new ForkSource(memory.Key, archived.Number),
    };

    /// <summary>A fork's first version injects nothing of its own.</summary>
    private MemoryVersion Forked(MemoryVersion archived) => First(archived) with
    {
        Cause = VersionCause.Fork,
        Seed = 0,
        Tokens = 0,
        Chunks = 0,
        BlockBytes = 0,
        Metadata = null,
        HasText = false,
    };
}
