using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Transfer.Archives;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>Reads an archive from its first record to its last: what is verified goes to the target, what is wrong ends it.</summary>
internal sealed class ArchiveContents
{
    private readonly ArchiveReader _reader;
    private readonly IImportTarget _target;
    private readonly BlockCheck _blocks;
    private readonly VersionCheck _versions;

    public ArchiveContents(ArchiveReader reader, ArchivedMemory memory, ImportModel model, ImportBounds bounds, IImportTarget target)
    {
        var names = new BlockNames(model.GenesisOwner, target.NextBlock);
        _reader = reader;
        _target = target;
        _blocks = new BlockCheck(memory.Layers, model.GenesisOwner, names, model.Shapes);
        _versions = new VersionCheck(memory, model.Genesis, _blocks, names, bounds);
        Memory = memory;
    }

    public ArchivedMemory Memory { get; }

    /// <summary>Gaps and snapshots that were read.</summary>
    public VersionCheck Versions => _versions;

    /// <summary>Reads the record that every archive begins with.</summary>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public static async Task<ArchivedMemory> ReadMemoryAsync(ArchiveReader reader, CancellationToken cancellationToken)
    {
        ArchiveRecord first = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (first.Kind != ArchiveRecordKind.Memory) throw ArchiveErrors.Invalid($"begins with a {first.Kind} record");
        ArchivedMemory memory = ArchiveCodec.DecodeMemory(first.Payload);
        bool fits = memory.Metadata is null || Encoding.UTF8.GetByteCount(memory.Metadata) <= StoreLimits.MaxMetadataBytes;
        return fits ? memory : throw ArchiveErrors.Invalid("has more metadata than memories may have");
    }

    /// <summary>Reads everything else. When the task ends, the archive was whole.</summary>
    /// <exception cref="LatentDbException">archive_invalid; what the target throws.</exception>
    public async Task ReadAllAsync(IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            ArchiveRecord record = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            switch (record.Kind)
            {
                case ArchiveRecordKind.Block: _blocks.Begin(ArchiveCodec.DecodeBlock(record.Payload)); break;
                case ArchiveRecordKind.Slice: await _target.StageAsync(_blocks.Add(ArchiveCodec.DecodeSlice(_blocks.Current, record.Payload)), cancellationToken).ConfigureAwait(false); break;
                case ArchiveRecordKind.Version: await _target.StageAsync(_versions.Add(ArchiveCodec.DecodeVersion(record.Payload)), cancellationToken).ConfigureAwait(false); break;
                case ArchiveRecordKind.Gap: _versions.Add(ArchiveCodec.DecodeGap(record.Payload)); break;
                case ArchiveRecordKind.Snapshot: _versions.Add(ArchiveCodec.DecodeSnapshot(record.Payload)); break;
                case ArchiveRecordKind.End: _versions.End(); return;
                default: throw ArchiveErrors.Invalid($"holds a record of kind {(byte)record.Kind} that this program does not know here");
            }

            progress?.Report(new TransferProgress(_reader.Position, _reader.Tally[ArchiveRecordKind.Version], Memory.Versions));
        }
    }
}
