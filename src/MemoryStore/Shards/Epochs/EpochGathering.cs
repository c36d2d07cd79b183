using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Frames;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>
/// Keeps the number of epochs small, however often a shard is opened: epochs without live data are forgotten, and once there are many, what the
/// small ones hold is copied into the new epoch. Runs before the new epoch is current, so a crash on the way leaves the old ones untouched.
/// </summary>
internal sealed class EpochGathering(RecoveredShard recovered, EpochSet epochs, FrameLog manifests, FrameLog blocks)
{
    /// <summary>Which epochs stay, and which are copied. Pure.</summary>
    public static GatheringPlan Plan(RecoveredShard recovered, int maxLooseEpochs)
    {
        if (recovered.Epochs.Length < maxLooseEpochs) return new GatheringPlan(recovered.Epochs, new HashSet<Epoch>());
        IReadOnlyDictionary<Epoch, long> live = recovered.LiveBytes();
        var copied = new HashSet<Epoch>();
        long budget = StoreLimits.MaxGatheredBytes;
        foreach (EpochSeal seal in recovered.Epochs.Where(e => live.ContainsKey(e.Epoch)).OrderBy(e => live[e.Epoch]))
        {
            long bytes = live[seal.Epoch];
            if (bytes > StoreLimits.SmallEpochBytes || bytes > budget) break;
            copied.Add(seal.Epoch);
            budget -= bytes;
        }

        return new GatheringPlan([.. recovered.Epochs.Where(e => live.ContainsKey(e.Epoch) && !copied.Contains(e.Epoch))], copied);
    }

    /// <summary>Copies what lives in the chosen epochs and points the index at the copies. Nothing is durable yet.</summary>
    public async Task CopyAsync(IReadOnlySet<Epoch> chosen, CancellationToken cancellationToken)
    {
        ShardIndex index = recovered.Index;
        CheckpointRecord state = index.ToCheckpoint();
        foreach (GenesisState genesis in state.Genesis)
        {
            MemoryUid uid = GenesisUid.Of(genesis.Fingerprint);
            index.Relocate(new GenesisState(
                genesis.Fingerprint,
                await CopyAsync(chosen, genesis.Location, FrameKind.Genesis, uid, cancellationToken).ConfigureAwait(false),
                [.. await CopyBlocksAsync(chosen, genesis.Blocks, cancellationToken).ConfigureAwait(false)]));
        }

        foreach (MemoryState memory in state.Memories)
        {
            MemoryEntry entry = index.Find(memory.Uid)!;
            foreach (VersionState version in memory.Versions.Where(v => v.Location is not null && chosen.Contains(v.Location.Epoch)))
            {
                entry.Relocate(
                    version.Version.Number,
                    await CopyAsync(chosen, version.Location!, FrameKind.Version, memory.Uid, cancellationToken).ConfigureAwait(false));
            }

            foreach (StoredBlock block in await CopyBlocksAsync(chosen, memory.Blocks, cancellationToken).ConfigureAwait(false))
            {
                entry.Relocate(block);
                index.Blocks.Add(block);
            }
        }
    }

    private async Task<List<StoredBlock>> CopyBlocksAsync(IReadOnlySet<Epoch> chosen, ImmutableArray<StoredBlock> stored, CancellationToken cancellationToken)
    {
        List<StoredBlock> copies = [];
        foreach (StoredBlock block in stored)
        {
            var slices = ImmutableArray.CreateBuilder<StoredSlice>(block.Slices.Length);
            foreach (StoredSlice slice in block.Slices)
            {
                slices.Add(slice with { Location = await CopyAsync(chosen, slice.Location, FrameKind.BlockSlice, block.Id.Owner, cancellationToken).ConfigureAwait(false) });
            }

            copies.Add(new StoredBlock(block.Id, slices.MoveToImmutable()));
        }

        return copies;
    }

    private async Task<RecordLocation> CopyAsync(
        IReadOnlySet<Epoch> chosen, RecordLocation from, FrameKind kind, MemoryUid memory, CancellationToken cancellationToken)
    {
        if (!chosen.Contains(from.Epoch)) return from;
        EpochLogs logs = epochs.Get(from.Epoch);
        bool isBlock = kind == FrameKind.BlockSlice;
        ReadOnlyMemory<byte> payload =
            await RecordReader.ReadAsync(isBlock ? logs.Blocks : logs.Manifest, from, kind, memory, cancellationToken).ConfigureAwait(false);
        var draft = new RecordDraft(kind, memory, payload, Flags: FrameFlags.Copied);
        PendingRecord copy = await (isBlock ? blocks : manifests).EnqueueAsync(draft, publish: null).ConfigureAwait(false);
        return copy.Location;
    }
}

/// <param name="Kept">Epochs that stay as they are.</param>
/// <param name="Copied">Epochs whose live records move into the new epoch.</param>
internal sealed record GatheringPlan(ImmutableArray<EpochSeal> Kept, IReadOnlySet<Epoch> Copied);
