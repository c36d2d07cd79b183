using System.Collections.Immutable;
using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>
/// Follows the versions of an archive: each continues the one before, and its content can be built from what the archive and the model's genesis
/// hold. Memory: one manifest, and a few numbers per version. Decides only; nothing is stored here.
/// </summary>
/// <param name="memory">What the archive says that it holds.</param>
/// <param name="genesis">The target's genesis of that model.</param>
/// <param name="blocks">The blocks that came.</param>
/// <param name="names">Names in the target.</param>
/// <param name="bounds">What the target takes.</param>
internal sealed class VersionCheck(ArchivedMemory memory, Manifest genesis, BlockCheck blocks, BlockNames names, ImportBounds bounds)
{
    private readonly Dictionary<VersionNumber, CheckedContent> _contents = [];
    private readonly ImmutableArray<VersionGap>.Builder _gaps = ImmutableArray.CreateBuilder<VersionGap>();
    private readonly SortedDictionary<string, Snapshot> _snapshots = new(StringComparer.Ordinal);
    private MemoryVersion? _last;
    private Manifest? _manifest;
    private VersionNumber _manifestOf;
    private bool _isAfterGap;

    public ImmutableArray<VersionGap> Gaps => _gaps.ToImmutable();

    public ImmutableArray<Snapshot> Snapshots => [.. _snapshots.Values];

    private bool IsOneVersion => memory.Extent == ArchiveExtent.OneVersion;

    private VersionNumber Expected => _isAfterGap ? _gaps[^1].Last.Next() : _last?.Number.Next() ?? VersionNumber.First;

    /// <summary>Checks the next version.</summary>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public CheckedVersion Add(ArchivedVersion record)
    {
        blocks.RequireClosed();
        if (_snapshots.Count > 0) throw Wrong(record, "stands after the snapshots");
        CheckFacts(record);
        ArchivedVersion renamed = record with
        {
            Deltas = [.. record.Deltas.Select(names.Of)],
            Image = record.Image is null ? null : names.Of(record.Image),
        };
        CheckedVersion result = Follow(renamed);
        _contents.Add(record.Version.Number, new CheckedContent(record.Version.Writes, result.Depth, record.SameAs is not null));
        _last = record.Version;
        _isAfterGap = false;
        return result;
    }

    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public void Add(VersionGap gap)
    {
        blocks.RequireClosed();
        if (IsOneVersion || _isAfterGap || gap.First != Expected) throw ArchiveErrors.Invalid($"has a gap at version {gap.First} where version {Expected} must stand");
        if (_last is not null && gap.From <= _last.CommittedAt) throw ArchiveErrors.Invalid($"has a gap at version {gap.First} that begins before version {_last.Number}");
        _gaps.Add(gap);
        _isAfterGap = true;
    }

    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public void Add(Snapshot snapshot)
    {
        blocks.RequireClosed();
        if (IsOneVersion || !_contents.ContainsKey(snapshot.Version)) throw ArchiveErrors.Invalid($"has a snapshot {snapshot.Name} of version {snapshot.Version}, which it does not hold");
        if (snapshot.CreatedAt > bounds.Latest) throw ArchiveErrors.Invalid($"has a snapshot {snapshot.Name} from {snapshot.CreatedAt}; here it is {bounds.Now}");
        if (!_snapshots.TryAdd(snapshot.Name.Value, snapshot)) throw ArchiveErrors.Invalid($"has snapshot {snapshot.Name} twice");
    }

    /// <summary>The archive has ended, and was verified.</summary>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public void End()
    {
        blocks.RequireClosed();
        bool isWhole = !_isAfterGap && _contents.Count == memory.Versions && _last?.Number == memory.Head;
        if (!isWhole) throw ArchiveErrors.Invalid($"holds {_contents.Count} versions up to {_last?.Number}, not {memory.Versions} up to {memory.Head}");
    }

    private void CheckFacts(ArchivedVersion record)
    {
        MemoryVersion version = record.Version;
        if (!IsOneVersion)
        {
            if (version.Number != Expected) throw Wrong(record, $"stands where version {Expected} must");
            VersionNumber? parent = version.Number == VersionNumber.First ? null : new VersionNumber(version.Number.Value - 1);
            if (version.Parent != parent) throw Wrong(record, $"follows version {version.Parent}");
        }

        HybridTimestamp earliest = _isAfterGap ? _gaps[^1].From : _last?.CommittedAt ?? new HybridTimestamp(memory.CreatedAt.UtcTicks - 1);
        if (version.CommittedAt <= earliest) throw Wrong(record, "is not later than what comes before it");
        if (version.CommittedAt > bounds.Latest) throw Wrong(record, $"was committed at {version.CommittedAt}; here it is {bounds.Now}");
        if (version.Fingerprint != memory.Fingerprint) throw Wrong(record, $"is of model {version.Fingerprint.Short}, the memory of {memory.Fingerprint.Short}");
        if (version.RestoredFrom >= version.Number) throw Wrong(record, $"is restored from version {version.RestoredFrom}");
        if (version.Tokens < 0 || version.Chunks < 0 || version.Writes < 0 || version.BlockBytes < 0) throw Wrong(record, "counts less than nothing");
        if (version.OperationId is { Length: 0 or > StoreLimits.MaxOperationIdLength }) throw Wrong(record, $"has an operation id of {version.OperationId.Length} characters");
        if (version.Author is { Length: 0 or > StoreLimits.MaxAuthorLength }) throw Wrong(record, $"has an author of {version.Author.Length} characters");
        if (BytesOf(version.Metadata) > StoreLimits.MaxVersionMetadataBytes) throw Wrong(record, "has more metadata than versions may have");
        if (BytesOf(record.Text) > StoreLimits.MaxTextBytes) throw Wrong(record, "has more text than versions may have");
        if (record.Text is not null && (record.IsGenesis || record.SameAs is not null)) throw Wrong(record, "has a text without a content of its own");
    }

    private CheckedVersion Follow(ArchivedVersion record)
    {
        if (record.SameAs is VersionNumber target) return Repeat(record, target);
        if (record.IsGenesis) return Hold(record, IsFirst(record) ? genesis : throw Wrong(record, "has no content"), 0);
        if (record.Image is Manifest image)
        {
            RequireBlocks(record, image);
            return Hold(record, image, 0);
        }

        bool canApply = _manifest is not null && !_isAfterGap && !IsOneVersion;
        if (!canApply) throw Wrong(record, "changes a content that the archive does not hold");
        int depth = _contents[_manifestOf].Depth + record.Deltas.Length;
        return Hold(record, Apply(record, _manifest!), depth);
    }

    private CheckedVersion Repeat(ArchivedVersion record, VersionNumber target)
    {
        if (!_contents.TryGetValue(target, out CheckedContent content)) throw Wrong(record, $"repeats version {target}, which the archive does not hold");
        if (content.IsRepetition) throw Wrong(record, $"repeats version {target}, which is a repetition itself");
        if (content.Writes != record.Version.Writes) throw Wrong(record, $"counts {record.Version.Writes} writes, not {content.Writes}");
        // Only one manifest is held: what comes after a jump back brings an image.
        if (target != _manifestOf) _manifest = null;
        return new CheckedVersion(record, content.Depth);
    }

    /// <summary>Keeps the content for the version that follows; a chain of deltas that grew too long ends in an image.</summary>
    private CheckedVersion Hold(ArchivedVersion record, Manifest manifest, int depth)
    {
        if (manifest.Writes != record.Version.Writes) throw Wrong(record, $"counts {record.Version.Writes} writes, not {manifest.Writes}");
        if (manifest.Layers.Length != memory.Layers) throw Wrong(record, $"has {manifest.Layers.Length} layers, the memory {memory.Layers}");
        _manifest = manifest;
        _manifestOf = record.Version.Number;
        return depth < bounds.WritesBetweenImages || record.Deltas.IsEmpty ? new CheckedVersion(record, depth) : new CheckedVersion(record with { Deltas = [], Image = manifest }, 0);
    }

    private Manifest Apply(ArchivedVersion record, Manifest manifest)
    {
        bool isAnyAbsent = false;
        try
        {
            foreach (ManifestDelta delta in record.Deltas)
            {
                if (blocks.RowsOf(delta.Block) is not int rows) isAnyAbsent = true;
                else if (rows != delta.BlockRows) throw Wrong(record, $"adds {delta.BlockRows} rows of a block of {rows}");
                manifest = delta.Apply(manifest);
            }
        }
        catch (Exception e) when (e is OverflowException or ArgumentException || (e is LatentDbException damage && damage.Code == ErrorCode.DataDamaged))
        {
            throw ArchiveErrors.Invalid($"holds a version {record.Version.Number} that does not fit the one before it: {e.Message.TrimEnd('.')}", e);
        }

        if (isAnyAbsent) RequireBlocks(record, manifest);
        return manifest;
    }

    /// <summary>Every block of which a row is named must be there; others may stand in the table.</summary>
    private void RequireBlocks(ArchivedVersion record, Manifest manifest)
    {
        bool[] named = new bool[manifest.Blocks.Length];
        foreach (LayerRows layer in manifest.Layers)
        {
            foreach (RowRun run in layer.Pool) named[run.Block] = true;
            foreach (BankRun run in layer.Bank) named[run.Block] = true;
        }

        for (int i = 0; i < named.Length; i++)
        {
            ManifestBlock block = manifest.Blocks[i];
            int? rows = blocks.RowsOf(block.Id) ?? genesis.Blocks.Where(b => b.Id == block.Id).Select(b => (int?)b.Rows).FirstOrDefault();
            if (named[i] && rows is null) throw Wrong(record, $"names rows of block {i} of its manifest, which the archive does not hold");
            if (rows is not null && rows != block.Rows) throw Wrong(record, $"names a block of {block.Rows} rows that has {rows}");
        }
    }

    private static int BytesOf(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);

    private bool IsFirst(ArchivedVersion record) => IsOneVersion || record.Version is { Number.Value: 1, Cause: VersionCause.Create };

    private static LatentDbException Wrong(ArchivedVersion record, string what) => ArchiveErrors.Invalid($"holds a version {record.Version.Number} that {what}");

    /// <summary>What is remembered of a version.</summary>
    private readonly record struct CheckedContent(long Writes, int Depth, bool IsRepetition);
}

/// <summary>A version under the target's names of blocks.</summary>
/// <param name="Record">With an image in place of its deltas where the chain would have grown too long.</param>
/// <param name="Depth">Deltas between its content and the nearest image or genesis.</param>
internal sealed record CheckedVersion(ArchivedVersion Record, int Depth);

/// <summary>What the target takes.</summary>
/// <param name="Now">Its time.</param>
/// <param name="Latest">The latest stamp that it takes.</param>
/// <param name="WritesBetweenImages">Deltas after which it stores an image.</param>
internal sealed record ImportBounds(HybridTimestamp Now, HybridTimestamp Latest, int WritesBetweenImages);
