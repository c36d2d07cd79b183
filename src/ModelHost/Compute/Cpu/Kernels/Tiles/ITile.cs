using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;

/// <summary>
/// The innermost product: c[rows, 32] = (+ scale x) sum over k of a[k, rows] x b[k, 32], every sum one chain in order of k. b is a panel.
/// </summary>
internal unsafe interface ITile<TVector>
    where TVector : struct
{
    /// <summary>The tallest tile, which is the fastest.</summary>
    static abstract int SliverRows { get; }

    /// <summary>Packed slivers that are shorter are padded to a multiple of this.</summary>
    static abstract int SliverGranule { get; }

    /// <summary>The height of the tallest tile that fits in <paramref name="rows"/>.</summary>
    static abstract int RowsAtOnce(int rows);

    /// <summary><paramref name="rows"/> is one that <see cref="RowsAtOnce"/> gave.</summary>
    static abstract void Run<TWeights>(int rows, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>;
}

/// <summary>Operands of one tile.</summary>
internal readonly unsafe struct TileCall
{
    /// <summary>Rows side by side: row r of input k at A[k x AStep + r].</summary>
    public required float* A { get; init; }

    public required nint AStep { get; init; }

    /// <summary>A panel's weights, 32 an input.</summary>
    public required byte* B { get; init; }

    public required int Depth { get; init; }

    public required float* C { get; init; }

    public required nint CStep { get; init; }

    /// <summary>c = scale x sum + c instead of c = sum.</summary>
    public bool Add { get; init; }

    public float Scale { get; init; }

    /// <summary>A factor for each of the 32 outputs, applied to a finished sum; null = none.</summary>
    public float* OutputScales { get; init; }

    /// <summary>Memory to fetch meanwhile, AheadStep bytes an input; B itself when nothing is needed.</summary>
    public required byte* Ahead { get; init; }

    public nint AheadStep { get; init; }
}
