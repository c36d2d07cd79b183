namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;

/// <summary>How many queries a tile of attention has: a type, so that the JIT leaves out the sums of those that are missing.</summary>
internal interface ILaneCount
{
    static abstract int Count { get; }
}

internal readonly struct OneLane : ILaneCount
{
    public static int Count => 1;
}

internal readonly struct TwoLanes : ILaneCount
{
    public static int Count => 2;
}

internal readonly struct ThreeLanes : ILaneCount
{
    public static int Count => 3;
}

internal readonly struct FourLanes : ILaneCount
{
    public static int Count => 4;
}
