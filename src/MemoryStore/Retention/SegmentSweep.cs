using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Retention;

/// <summary>
/// Empties one segment: reads its frames in order, copies each record that the index still points at to the end of the current log, and moves the
/// index by a Relocated record.
/// <code>
/// step                                             if the power goes right after it
/// 1 copies appended and committed                  garbage; the index points at the originals
/// 2 Relocated record committed                     the index points at the copies; the originals are garbage
/// 3 segment file deleted, folder synced            the same, less the garbage; if the deletion was lost, the next pass repeats it
/// </code>
/// States of memories and pages of the directory are not copied: the next checkpoint writes them anew.
/// </summary>
internal sealed class SegmentSweep(Shard shard, Throttle throttle, Action<SegmentId, long, LatentDbException> damaged)
{
    private const long BatchBytes = 4L << 20;

    private readonly Dictionary<MemoryUid, MemoryEntry> _held = [];
    private readonly Dictionary<MemoryUid, MemoryPlaces> _places = [];

    /// <summary>Bytes of the records that were copied.</summary>
    public long CopiedBytes { get; private set; }

    /// <summary>Moves everything live out of a segment, as far as it can be read.</summary>
    public async Task RunAsync(SegmentId segment, CancellationToken cancellationToken)
    {
        SegmentReader reader = shard.Epochs.Get(segment.Epoch).Reader(segment.Log);
        long start = Math.Max(LogGeometry.FirstAddress, segment.Segment * reader.Geometry.SegmentBytes);
        long end = (segment.Segment + 1) * reader.Geometry.SegmentBytes;
        var scanner = new LogScanner(reader, start);
        bool isMore = true;
        while (isMore)
        {
            List<FrameAt> batch = await ReadBatchAsync(scanner, end, cancellationToken).ConfigureAwait(false);
            isMore = batch.Count > 0;
            long copied = CopiedBytes;
            if (isMore) await MoveAsync(segment, batch, cancellationToken).ConfigureAwait(false);
            await throttle.TakeAsync(CopiedBytes - copied, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Headers of the next frames; what is not a frame is passed over, and found by its missing place in the count of live bytes.</summary>
    private static async Task<List<FrameAt>> ReadBatchAsync(LogScanner scanner, long end, CancellationToken cancellationToken)
    {
        var batch = new List<FrameAt>();
        long bytes = 0;
        while (bytes < BatchBytes && await scanner.MoveNextAsync(end, cancellationToken).ConfigureAwait(false))
        {
            bytes += scanner.Entry.Length;
            try
            {
                batch.Add(new FrameAt(FrameHeader.Read(scanner.Entry.Span), scanner.Address));
            }
            catch (FrameFormatException)
            {
                // Damage: if something needs it, its bytes stay counted, and the segment is kept.
            }
        }

        return batch;
    }

    private async Task MoveAsync(SegmentId segment, List<FrameAt> batch, CancellationToken cancellationToken)
    {
        await shard.PlacesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        using IDisposable staging = shard.Stagings.Begin(shard.ManifestLog.TailAddress, shard.BlockLog.TailAddress);
        try
        {
            _held.Clear();
            _places.Clear();
            var genesis = new Dictionary<ModelFingerprint, GenesisState>();
            var moves = new Dictionary<MemoryUid, Moves>();
            foreach (FrameAt frame in batch) await TryMoveAsync(segment, frame, moves, genesis, cancellationToken).ConfigureAwait(false);

            if (moves.Count + genesis.Count == 0) return;
            await shard.BlockLog.FlushAsync().ConfigureAwait(false);
            var record = new RelocatedRecord([.. moves.Select(m => m.Value.ToRecord(m.Key))], [.. genesis.Values]);
            await shard.Writer.ChangeAsync(ShardKeys.ShardUid, record).ConfigureAwait(false);
            GC.KeepAlive(_held);
        }
        finally
        {
            shard.PlacesGate.Release();
        }
    }

    /// <summary>What is damaged stays where it is, and with it the segment, because its bytes stay counted; everything else goes on.</summary>
    private async Task TryMoveAsync(
        SegmentId segment, FrameAt frame, Dictionary<MemoryUid, Moves> moves, Dictionary<ModelFingerprint, GenesisState> genesis, CancellationToken cancellationToken)
    {
        try
        {
            if (segment.Log == LogName.Blocks) await MoveSliceAsync(segment, frame, moves, genesis, cancellationToken).ConfigureAwait(false);
            else await MoveRecordAsync(segment, frame, moves, genesis, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException e) when (e.IsUnreadable())
        {
            damaged(segment, frame.Address, e);
        }
    }

    private async Task MoveRecordAsync(
        SegmentId segment, FrameAt frame, Dictionary<MemoryUid, Moves> moves, Dictionary<ModelFingerprint, GenesisState> genesis, CancellationToken cancellationToken)
    {
        switch (frame.Header.Kind)
        {
            case FrameKind.Genesis:
                GenesisState? state = shard.Index.Genesis.FirstOrDefault(g => Stands(g.Location, segment, frame.Address));
                if (state is null) return;
                GenesisRecord record = await shard.Manifests.ReadGenesisRecordAsync(state.Fingerprint, cancellationToken).ConfigureAwait(false);
                RecordLocation to = await shard.Writer.StageContentAsync(GenesisUid.Of(state.Fingerprint), record).ConfigureAwait(false);
                genesis[state.Fingerprint] = state with { Location = to };
                CopiedBytes += to.Bytes;
                return;
            case FrameKind.DirectoryPage:
                if (shard.Index.Pages.Places.Any(p => Stands(p, segment, frame.Address))) shard.Index.Pages.WantRewrite();
                return;
            case FrameKind.MemoryState:
                if (shard.Index.Find(frame.Header.Memory) is MemoryRef memory && memory.State is RecordLocation at && Stands(at, segment, frame.Address)
                    && await HoldAsync(memory.Uid, cancellationToken).ConfigureAwait(false) is MemoryEntry entry)
                {
                    shard.Index.Touch(entry);
                }

                return;
            case FrameKind.Version:
                await MoveVersionAsync(segment, frame, moves, cancellationToken).ConfigureAwait(false);
                return;
            case FrameKind.OperationAccepted:
                await MoveOperationAsync(segment, frame, cancellationToken).ConfigureAwait(false);
                return;
            default:
                return;
        }
    }

    private async Task MoveVersionAsync(SegmentId segment, FrameAt frame, Dictionary<MemoryUid, Moves> moves, CancellationToken cancellationToken)
    {
        if (await HoldAsync(frame.Header.Memory, cancellationToken).ConfigureAwait(false) is not MemoryEntry entry) return;
        if (!PlacesOf(entry, segment).Versions.Remove(frame.Address, out VersionState? version)) return;
        foreach (long address in version.Location!.Addresses) PlacesOf(entry, segment).Versions.Remove(address);
        VersionRecord? record = await shard.Manifests.ReadContentAsync(entry, version, cancellationToken).ConfigureAwait(false);
        if (record is null) return;
        RecordLocation to = await shard.Writer.StageContentAsync(entry.Uid, record).ConfigureAwait(false);
        Of(moves, entry.Uid).Versions.Add(new VersionPlace(version.Version.Number, to));
        CopiedBytes += to.Bytes;
    }

    /// <summary>The texts of a pending operation are accepted anew at another place; if it ends meanwhile, the copy is garbage like the original.</summary>
    private async Task MoveOperationAsync(SegmentId segment, FrameAt frame, CancellationToken cancellationToken)
    {
        if (await HoldAsync(frame.Header.Memory, cancellationToken).ConfigureAwait(false) is not MemoryEntry entry) return;
        OperationState? state = entry.OfOperations(o => o.ToArray().FirstOrDefault(s => s.Location is RecordLocation at && Stands(at, segment, frame.Address)));
        if (state is null || await shard.Operations.ReadAsync(entry, state.Operation.Uid, cancellationToken).ConfigureAwait(false) is not { } draft) return;
        RecordLocation to = await shard.Writer.ChangeAsync(entry.Uid, new OperationAcceptedRecord(state.Operation.Uid, draft, IsMoved: true)).ConfigureAwait(false);
        CopiedBytes += to.Bytes;
    }

    private async Task MoveSliceAsync(
        SegmentId segment, FrameAt frame, Dictionary<MemoryUid, Moves> moves, Dictionary<ModelFingerprint, GenesisState> genesis, CancellationToken cancellationToken)
    {
        if (shard.Index.Genesis.FirstOrDefault(g => GenesisUid.Of(g.Fingerprint) == frame.Header.Memory) is GenesisState state)
        {
            GenesisState known = genesis.GetValueOrDefault(state.Fingerprint, state);
            if (await MoveGenesisSliceAsync(segment, frame, known, cancellationToken).ConfigureAwait(false) is GenesisState moved) genesis[state.Fingerprint] = moved;
            return;
        }

        // The writer of the block and every fork that names it point at the same copy afterwards.
        RecordLocation? copy = null;
        foreach (MemoryUid holder in shard.Index.BorrowersOf(frame.Header.Memory).Select(m => m.Uid).Prepend(frame.Header.Memory))
        {
            if (await HoldAsync(holder, cancellationToken).ConfigureAwait(false) is not MemoryEntry entry) continue;
            if (!PlacesOf(entry, segment).Slices.TryGetValue(frame.Address, out SliceAt? slice)) continue;
            copy ??= await CopySliceAsync(slice.Address, new StagedSlice(slice.Slice, slice.Block.Key), cancellationToken).ConfigureAwait(false);
            foreach (long address in slice.Slice.Location.Addresses) PlacesOf(entry, segment).Slices.Remove(address);
            Of(moves, holder).Slices.Add(new SlicePlace(slice.Address, copy));
        }
    }

    private async Task<GenesisState?> MoveGenesisSliceAsync(SegmentId segment, FrameAt frame, GenesisState genesis, CancellationToken cancellationToken)
    {
        for (int b = 0; b < genesis.Blocks.Length; b++)
        {
            StoredBlock block = genesis.Blocks[b];
            for (int s = 0; s < block.Slices.Length; s++)
            {
                StoredSlice slice = block.Slices[s];
                if (!Stands(slice.Location, segment, frame.Address)) continue;
                var address = new SliceAddress(block.Id, slice.Layer, slice.Part);
                RecordLocation copy = await CopySliceAsync(address, new StagedSlice(slice, block.Key), cancellationToken).ConfigureAwait(false);
                StoredBlock moved = block with { Slices = block.Slices.SetItem(s, slice with { Location = copy }) };
                return genesis with { Blocks = genesis.Blocks.SetItem(b, moved) };
            }
        }

        return null;
    }

    private async Task<RecordLocation> CopySliceAsync(SliceAddress address, StagedSlice slice, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> payload = await shard.Blocks.ReadPayloadAsync(address, slice, cancellationToken).ConfigureAwait(false);
        using var key = DataKey.FromBytes(slice.Key.AsSpan());
        StoredSlice copy = await shard.Writer.StageSliceAsync(address.Block.Owner, address, payload, key).ConfigureAwait(false);
        CopiedBytes += copy.Location.Bytes;
        return copy.Location;
    }

    private async Task<MemoryEntry?> HoldAsync(MemoryUid uid, CancellationToken cancellationToken)
    {
        if (_held.TryGetValue(uid, out MemoryEntry? held)) return held;
        if (shard.Index.Find(uid) is not MemoryRef memory) return null;
        MemoryEntry? entry = await shard.Memories.FindAsync(memory, cancellationToken).ConfigureAwait(false);
        if (entry is not null) _held.Add(uid, entry);
        return entry;
    }

    private MemoryPlaces PlacesOf(MemoryEntry entry, SegmentId segment)
    {
        if (_places.TryGetValue(entry.Uid, out MemoryPlaces? known)) return known;
        var places = new MemoryPlaces();
        MemoryState state = entry.ToState();
        foreach (VersionState version in state.Versions.Where(v => v.Location is not null && v.Location.Epoch == segment.Epoch))
        {
            foreach (long address in version.Location!.Addresses) places.Versions[address] = version;
        }

        foreach (StoredBlock block in state.Blocks)
        {
            foreach (StoredSlice slice in block.Slices.Where(s => s.Location.Epoch == segment.Epoch))
            {
                foreach (long address in slice.Location.Addresses) places.Slices[address] = new SliceAt(new SliceAddress(block.Id, slice.Layer, slice.Part), slice, block);
            }
        }

        _places.Add(entry.Uid, places);
        return places;
    }

    private static Moves Of(Dictionary<MemoryUid, Moves> moves, MemoryUid uid)
    {
        if (!moves.TryGetValue(uid, out Moves? of)) moves.Add(uid, of = new Moves());
        return of;
    }

    private static bool Stands(RecordLocation location, SegmentId segment, long address) => location.Epoch == segment.Epoch && location.Addresses.Contains(address);

    private readonly record struct FrameAt(FrameHeader Header, long Address);

    private sealed record SliceAt(SliceAddress Address, StoredSlice Slice, StoredBlock Block);

    /// <summary>Where the records of one memory stand in the segment's epoch.</summary>
    private sealed class MemoryPlaces
    {
        public Dictionary<long, VersionState> Versions { get; } = [];

        public Dictionary<long, SliceAt> Slices { get; } = [];
    }

    private sealed class Moves
    {
        public List<VersionPlace> Versions { get; } = [];

        public List<SlicePlace> Slices { get; } = [];

        public MemoryRelocation ToRecord(MemoryUid uid) => new(uid, [.. Versions], [.. Slices]);
    }
}
