using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Grouped-query attention as the kernels see it. The queries of one key-value head, all rows and all heads of its group, are its lanes:
/// lane l is row l / Group of head (kvHead x Group + l % Group).
/// </summary>
internal readonly struct AttentionCall
{
    public required MatrixPointer Q { get; init; }

    public required MatrixPointer K { get; init; }

    public required MatrixPointer V { get; init; }

    public required MatrixPointer Output { get; init; }

    public required int HeadSize { get; init; }

    public int KeyValueHeads => K.Columns / HeadSize;

    public int Group => Q.Columns / K.Columns;

    public int LanesPerHead => Q.Rows * Group;

    public float Scale => 1 / MathF.Sqrt(HeadSize);

    /// <summary>How many keys the row of <paramref name="lane"/> sees: the mask is aligned to the bottom right.</summary>
    public int VisibleKeys(int lane) => K.Rows - Q.Rows + (lane / Group) + 1;

    public unsafe float* QueryOf(int keyValueHead, int lane) => Q.Row(lane / Group) + HeadColumn(keyValueHead, lane);

    public unsafe float* OutputOf(int keyValueHead, int lane) => Output.Row(lane / Group) + HeadColumn(keyValueHead, lane);

    public MatrixPointer KeysOf(int keyValueHead, int first, int count) => HeadRows(K, keyValueHead, first, count);

    public MatrixPointer ValuesOf(int keyValueHead, int first, int count) => HeadRows(V, keyValueHead, first, count);

    private unsafe MatrixPointer HeadRows(MatrixPointer rows, int keyValueHead, int first, int count) =>
        new(rows.Row(first) + (keyValueHead * HeadSize), count, HeadSize, rows.Stride);

    private int HeadColumn(int keyValueHead, int lane) => ((keyValueHead * Group) + (lane % Group)) * HeadSize;
}

/// <summary>Lanes [FirstLane, EndLane) of one key-value head; of several heads side by side where lanes are few.</summary>
internal readonly record struct AttentionPart(int KeyValueHead, int FirstLane, int EndLane)
{
    public int KeyValueHeads { get; init; } = 1;
}
