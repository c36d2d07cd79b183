namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Gemm
{
    /// <summary>Outputs of W side by side in a panel: two 512-bit vectors, or two cache lines.</summary>
    public const int PanelWidth = 32;

    /// <summary>Inputs that are summed before y is touched: 256 x 32 weights are 32 KiB and stay in the first-level cache.</summary>
    public const int DepthBlock = 256;

    /// <summary>Panels that <paramref name="outputs"/> outputs fill; the last is padded with zeros.</summary>
    public static int PanelCount(int outputs) => (outputs + PanelWidth - 1) / PanelWidth;
}
