using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Records;

/// <summary>Where a record's frames stand in the log of its epoch, and what they must say about themselves.</summary>
/// <param name="Epoch">The owner that wrote it; names the log.</param>
/// <param name="Sequence">Sequence number of the first frame; the others follow without a gap.</param>
/// <param name="Bytes">Payload bytes of all frames together, before encryption.</param>
/// <param name="Addresses">Address of each frame.</param>
internal sealed record RecordLocation(Epoch Epoch, long Sequence, int Bytes, ImmutableArray<long> Addresses)
{
    /// <summary>Stands in the directory for the state of a memory that was lost to damage: epochs count from 1.</summary>
    public static RecordLocation Nowhere { get; } = new(new Epoch(0), 0, 0, [0]);

    public bool IsNowhere => Epoch.Value == 0;
}

/// <summary>One stored slice of a block: what a version vouches for.</summary>
/// <param name="Layer">Layer of the model.</param>
/// <param name="Part">A <see cref="Blocks.SlicePart"/>.</param>
/// <param name="Checksum">CRC-32C of the whole payload, over and above that of each frame.</param>
/// <param name="Location">Where it stands in the block log.</param>
internal sealed record StoredSlice(int Layer, Blocks.SlicePart Part, uint Checksum, RecordLocation Location);

/// <summary>A committed block: all its slices, and the key that opens them. Whoever holds the record can read the block, whatever becomes of its writer.</summary>
/// <param name="Id">The block.</param>
/// <param name="Key">The block's own AES-256 key, 32 bytes.</param>
/// <param name="Slices">In the order of layer and part.</param>
internal sealed record StoredBlock(BlockId Id, ImmutableArray<byte> Key, ImmutableArray<StoredSlice> Slices)
{
    public long Bytes { get; } = Slices.Sum(s => (long)s.Location.Bytes);

    /// <summary>The slice of that layer and part; null when the block has none.</summary>
    public StoredSlice? Find(int layer, Blocks.SlicePart part)
    {
        foreach (StoredSlice slice in Slices)
        {
            if (slice.Layer == layer && slice.Part == part) return slice;
        }

        return null;
    }
}
