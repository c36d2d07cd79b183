using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Index;

/// <summary>
/// What is in RAM of every memory: its name and where its state stands. The state itself, a <see cref="MemoryEntry"/>, is there while somebody uses
/// it or a checkpoint has yet to store it. Changed under the lock of the <see cref="ShardIndex"/> only.
/// </summary>
internal sealed class MemoryRef(MemoryUid uid, MemoryKey key, RecordLocation? state, ImmutableArray<MemoryUid> lenders)
{
    /// <summary>Nobody has counted them yet.</summary>
    public const long UnknownBytes = -1;

    private WeakReference<MemoryEntry>? _loaded;
    private volatile RecordLocation? _state = state;

    public MemoryUid Uid => uid;

    public MemoryKey Key => key;

    /// <summary>Memories whose blocks this one may name.</summary>
    public ImmutableArray<MemoryUid> Lenders { get; set; } = lenders;

    /// <summary>The newest state record; null until the first checkpoint after the memory was made.</summary>
    public RecordLocation? State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>Bytes of the blocks that it names; <see cref="UnknownBytes"/> when a store of an earlier program does not say. Changed by the directory only.</summary>
    public long Bytes { get; set; } = UnknownBytes;

    /// <summary>True while it has operations that are pending. Changed by the directory only.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>The entry while it holds changes that no checkpoint has.</summary>
    public MemoryEntry? Pinned { get; set; }

    /// <summary>The one living entry of this memory, if there is one.</summary>
    public MemoryEntry? Loaded
    {
        get => Pinned ?? (_loaded is not null && _loaded.TryGetTarget(out MemoryEntry? entry) ? entry : null);
        set
        {
            if (value is null) _loaded = null;
            else if (_loaded is null) _loaded = new WeakReference<MemoryEntry>(value);
            else _loaded.SetTarget(value);
        }
    }
}
