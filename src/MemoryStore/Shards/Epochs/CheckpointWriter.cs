using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Frames;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>
/// Writes a checkpoint: the state of every memory that changed, a page of the directory with their new places (or all pages, when the changes
/// have outgrown them), and the record that names the pages. Only that record counts; without it, what came before it is garbage.
/// </summary>
internal sealed class CheckpointWriter(ShardIndex index, EpochSet epochs, ShardKeys keys, EpochLogs logs) : ICheckpointWriter
{
    /// <inheritdoc/>
    public async ValueTask WriteAsync(Func<RecordDraft, Action<FrameHeader, RecordLocation>?, ValueTask<RecordLocation>> append)
    {
        IndexChanges changes = index.TakeChanges();
        var places = new Dictionary<MemoryUid, RecordLocation>(changes.Memories.Length);
        foreach (ChangedMemory changed in changes.Memories)
        {
            RecordLocation place = await AppendAsync(append, changed.Memory.Uid, new MemoryStateRecord(changed.Entry.ToState()), null).ConfigureAwait(false);
            index.Usage.Remove(changed.Memory.State, LogName.Manifest);
            index.Usage.Add(place, LogName.Manifest);
            places.Add(changed.Memory.Uid, place);
        }

        if (index.Pages.IsRewriteDue(changes.Memories.Length + changes.Removed.Length)) await RewriteAsync(append, places).ConfigureAwait(false);
        else await AddPageAsync(append, changes, places).ConfigureAwait(false);

        ImmutableArray<SegmentUsage> usage = index.Usage.ToArray();
        var live = usage.Select(u => u.Segment.Epoch).ToHashSet();
        var record = new CheckpointRecord([.. epochs.Seals.Where(s => live.Contains(s.Epoch))], index.Genesis, index.Pages.Places, usage) { Erasures = index.Erasures.ToArray() };
        await AppendAsync(append, ShardKeys.ShardUid, record, (_, _) => index.Stored(changes, places)).ConfigureAwait(false);
    }

    private async ValueTask AddPageAsync(
        Func<RecordDraft, Action<FrameHeader, RecordLocation>?, ValueTask<RecordLocation>> append,
        IndexChanges changes,
        Dictionary<MemoryUid, RecordLocation> places)
    {
        if (changes.Memories.Length + changes.Removed.Length == 0) return;
        ImmutableArray<DirectoryItem> items = [.. changes.Memories.Select(c => ItemOf(c.Memory, places))];
        RecordLocation page = await AppendAsync(append, ShardKeys.ShardUid, new DirectoryPageRecord(items, changes.Removed), null).ConfigureAwait(false);
        index.Usage.Add(page, LogName.Manifest);
        index.Pages.Added(page, items.Length + changes.Removed.Length);
    }

    private async ValueTask RewriteAsync(
        Func<RecordDraft, Action<FrameHeader, RecordLocation>?, ValueTask<RecordLocation>> append, Dictionary<MemoryUid, RecordLocation> places)
    {
        var pages = ImmutableArray.CreateBuilder<RecordLocation>();
        ImmutableArray<MemoryRef> all = index.Directory.All();
        foreach (MemoryRef[] part in all.Chunk(StoreLimits.MemoriesPerDirectoryPage))
        {
            var page = new DirectoryPageRecord([.. part.Select(m => ItemOf(m, places))], []);
            pages.Add(await AppendAsync(append, ShardKeys.ShardUid, page, null).ConfigureAwait(false));
        }

        foreach (RecordLocation old in index.Pages.Places) index.Usage.Remove(old, LogName.Manifest);
        foreach (RecordLocation page in pages) index.Usage.Add(page, LogName.Manifest);
        index.Pages.Rewritten(pages.ToImmutable(), all.Length);
    }

    private async ValueTask<RecordLocation> AppendAsync(
        Func<RecordDraft, Action<FrameHeader, RecordLocation>?, ValueTask<RecordLocation>> append,
        MemoryUid memory,
        ShardRecord record,
        Action<FrameHeader, RecordLocation>? publish)
    {
        using FrameKey key = keys.For(record.Kind, memory, logs.ManifestCipher);
        return await append(new RecordDraft(record.Kind, memory, RecordCodec.Encode(record), key), publish).ConfigureAwait(false);
    }

    private static DirectoryItem ItemOf(MemoryRef memory, Dictionary<MemoryUid, RecordLocation> places) =>
        new(memory.Uid, memory.Key, places.GetValueOrDefault(memory.Uid) ?? memory.State!, memory.Lenders, memory.Bytes, memory.IsWaiting);
}
