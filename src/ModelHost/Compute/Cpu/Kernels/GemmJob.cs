namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>Spreads one product over the pool: for few rows by panels of W, else first packing rows of x and then by blocks of y.</summary>
internal sealed unsafe class GemmJob : PoolJob
{
    /// <summary>Up to here the product is bound by reading W, and rows of x are used where they lie.</summary>
    public const int MostUnpackedRows = 4;

    // About 100 KiB of W a range: ten microseconds.
    private const int BytesPerRange = 100 * 1024;

    private KernelSet _kernels = null!;
    private GemmCall _call;
    private int _panelsPerRange;

    public void Execute(WorkerPool pool, KernelSet kernels, in GemmCall call)
    {
        _kernels = kernels;
        _call = call;
        int panels = Gemm.PanelCount(call.Outputs);
        _panelsPerRange = Math.Max(1, BytesPerRange / (call.Inputs * Gemm.PanelWidth * sizeof(float)));
        pool.Run(this, (panels + _panelsPerRange - 1) / _panelsPerRange);
    }

    public override void Run(int range)
    {
        int first = range * _panelsPerRange;
        _kernels.MultiplyRows(_call, first, Math.Min(first + _panelsPerRange, Gemm.PanelCount(_call.Outputs)));
    }
}
