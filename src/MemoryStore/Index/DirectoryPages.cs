using System.Collections.Immutable;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Index;

/// <summary>The stored pages of the directory: full ones, then the changes since. Used by checkpoints and recovery, one at a time.</summary>
internal sealed class DirectoryPages
{
    private long _fullItems;
    private long _changedItems;
    private bool _isRewriteWanted;

    public ImmutableArray<RecordLocation> Places { get; private set; } = [];

    /// <summary>Makes the next checkpoint write all pages anew, wherever they stand.</summary>
    public void WantRewrite() => _isRewriteWanted = true;

    /// <summary>True when reading the changes would cost as much as reading the full pages.</summary>
    public bool IsRewriteDue(int changes) => _isRewriteWanted || _changedItems + changes > Math.Max(_fullItems, StoreLimits.FramesBetweenCheckpoints);

    public void Load(ImmutableArray<RecordLocation> places) => Places = places;

    /// <summary>Counts a page that was read.</summary>
    public void Count(DirectoryPageRecord page)
    {
        // The first page is full, whatever it holds; taking later full ones for changes only makes the next rewrite come sooner.
        if (_fullItems == 0) _fullItems = page.Items.Length;
        else _changedItems += page.Items.Length + page.Removed.Length;
    }

    public void Rewritten(ImmutableArray<RecordLocation> places, long items)
    {
        (Places, _fullItems, _changedItems, _isRewriteWanted) = (places, items, 0, false);
    }

    public void Added(RecordLocation place, long items)
    {
        Places = Places.Add(place);
        _changedItems += items;
    }
}
