namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>What a <see cref="RowsJob"/> does to its rows.</summary>
internal enum RowOperation
{
    RmsNorm,
    Rope,
    RopeAt,
    SiluMultiply,
    Silu,
    Add,
    AddRow,
    Copy,
    Upload,
    Download,
}
