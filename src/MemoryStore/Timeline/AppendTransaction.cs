using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Frames;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>
/// The blocks of one inject on their way to a version: a sink for the model, then an argument of <see cref="MemoryTimeline.AppendAsync"/>.
/// Disposed without a commit, its slices stay unreachable.
/// </summary>
/// <remarks>Thread-safe: layers may be staged in parallel.</remarks>
public sealed class AppendTransaction : IBlockSink, IAsyncDisposable
{
    private readonly Shard _shard;
    private readonly MemoryUid _owner;
    private readonly Func<long> _nextBlock;
    private readonly Lock _lock = new();
    private readonly Dictionary<BlockId, List<StoredSlice>> _blocks = [];
    private bool _isEnded;

    internal AppendTransaction(Shard shard, MemoryUid owner, Func<long> nextBlock)
    {
        _shard = shard;
        _owner = owner;
        _nextBlock = nextBlock;
    }

    /// <inheritdoc/>
    public BlockId NextBlock()
    {
        var id = new BlockId(_owner, _nextBlock());
        lock (_lock) _blocks.Add(id, []);
        return id;
    }

    /// <inheritdoc/>
    public async ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(slice);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            if (!_blocks.ContainsKey(slice.Address.Block)) throw new ArgumentException($"Block {slice.Address.Block} was not reserved here.", nameof(slice));
        }

        ReadOnlyMemory<byte> payload = BlockSliceCodec.Encode(slice);
        PendingRecord record = await _shard.BlockLog.EnqueueAsync(new RecordDraft(FrameKind.BlockSlice, _owner, payload), publish: null).ConfigureAwait(false);
        Remember(slice.Address, new StoredSlice(slice.Address.Layer, slice.Address.Part, Checksum.Crc32C(payload.Span), record.Location));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isEnded = true;
            foreach ((BlockId block, List<StoredSlice> slices) in _blocks)
            {
                foreach (StoredSlice slice in slices) _shard.Index.Blocks.Unstage(new SliceAddress(block, slice.Layer, slice.Part));
            }

            _blocks.Clear();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The staged blocks in the order of their sequence, slices in the order of layer and part.</summary>
    /// <param name="named">The blocks that the version will name.</param>
    /// <exception cref="ArgumentException">One of them was not staged here.</exception>
    internal ImmutableArray<StoredBlock> ToBlocks(IEnumerable<BlockId> named)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            var blocks = ImmutableArray.CreateBuilder<StoredBlock>();
            foreach (BlockId id in named.OrderBy(b => b.Sequence))
            {
                if (!_blocks.TryGetValue(id, out List<StoredSlice>? slices) || slices.Count == 0) throw new ArgumentException($"Block {id} was not staged here.", nameof(named));
                blocks.Add(new StoredBlock(id, [.. slices.OrderBy(s => s.Layer).ThenBy(s => s.Part)]));
            }

            return blocks.ToImmutable();
        }
    }

    private void Remember(SliceAddress address, StoredSlice slice)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            if (!_shard.Index.Blocks.TryStage(address, slice)) throw new LatentDbException(ErrorCode.Internal, $"Slice {address} was staged twice.");
            _blocks[address.Block].Add(slice);
        }
    }
}
