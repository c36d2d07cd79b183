using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Grouped-query attention of one sequence as the kernels see it. The queries of one key-value head, all rows and all heads of its group, are its
/// lanes: lane l is row l / Group of head (kvHead x Group + l % Group). Keys are counted through all segments.
/// </summary>
internal readonly unsafe struct AttentionCall
{
    public required MatrixPointer Q { get; init; }

    public required MatrixPointer Output { get; init; }

    public required SegmentPointer* Segments { get; init; }

    public required int SegmentCount { get; init; }

    public required int Keys { get; init; }

    public required int KeyValueHeads { get; init; }

    public required int HeadSize { get; init; }

    /// <summary>Row p: the cosines, then the sines, of position p. Null when every segment is rotated.</summary>
    public required float* Angles { get; init; }

    /// <summary>Where splits leave what they found (<see cref="AttentionPartials"/>).</summary>
    public float* Partials { get; init; }

    public int Group => Q.Columns / HeadSize / KeyValueHeads;

    public int LanesPerHead => Q.Rows * Group;

    /// <summary>Keys of a split. Fixed, so that sums do not depend on the number of threads; few lanes need short splits to be work for many.</summary>
    public int SplitKeys => LanesPerHead <= FewLanesAttention.MostLanes ? FewLanesAttention.SplitKeys : Attention.SplitKeys;

    public int Splits => (Keys + SplitKeys - 1) / SplitKeys;

    /// <summary>False for many lanes with one split, which go straight to the output.</summary>
    public bool NeedsMerge => Splits > 1 || LanesPerHead <= FewLanesAttention.MostLanes;

    public float Scale => 1 / MathF.Sqrt(HeadSize);

    /// <summary>How many keys the row of <paramref name="lane"/> sees: the mask is aligned to the bottom right.</summary>
    public int VisibleKeys(int lane) => Keys - Q.Rows + (lane / Group) + 1;

    public float* QueryOf(int keyValueHead, int lane) => Q.Row(lane / Group) + HeadColumn(keyValueHead, lane);

    public float* OutputOf(int keyValueHead, int lane) => Output.Row(lane / Group) + HeadColumn(keyValueHead, lane);

    /// <summary>Says where keys [first, first + count) lie.</summary>
    public void Locate(int first, int count, RowPlace* places) => SegmentRows.Locate(Segments, SegmentCount, first, count, Angles, HeadSize, places);

    private int HeadColumn(int keyValueHead, int lane) => ((keyValueHead * Group) + (lane % Group)) * HeadSize;
}

/// <summary>What a range computes: one split of the keys for lanes [FirstLane, EndLane) of some heads side by side.</summary>
internal readonly record struct AttentionPart(int Sequence, int Split, int FirstLane, int EndLane)
{
    public int KeyValueHead { get; init; }

    public int KeyValueHeads { get; init; }

    /// <summary>Parts that differ only in their split share this number.</summary>
    public int Lane { get; init; }
}
