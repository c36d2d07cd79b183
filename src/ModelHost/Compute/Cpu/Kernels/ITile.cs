namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// The innermost product: c[rows, 32] = (+ scale x) sum over k of a[k, rows] x b[k, 32], every sum one chain in order of k. a's columns lie
/// side by side and its rows aStep apart; b is a panel.
/// </summary>
internal unsafe interface ITile
{
    /// <summary>The tallest tile, which is the fastest.</summary>
    static abstract int SliverRows { get; }

    /// <summary>Packed slivers that are shorter are padded to a multiple of this.</summary>
    static abstract int SliverGranule { get; }

    /// <summary>The height of the tallest tile that fits in <paramref name="rows"/>.</summary>
    static abstract int RowsAtOnce(int rows);

    /// <summary><paramref name="rows"/> is one that <see cref="RowsAtOnce"/> gave.</summary>
    static abstract void Run(int rows, float* a, nint aStep, float* b, int depth, float* c, nint cStep, in Finish finish);
}

/// <summary>What happens to a finished sum: c = sum, or c = scale x sum + c.</summary>
internal readonly record struct Finish(bool Add, float Scale);
