using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>
/// Spreads one product over the pool: for few rows by panels of W; else, some hundred rows at a time, first packing them and then by blocks of y.
/// </summary>
internal sealed unsafe class GemmJob : PoolJob
{
    /// <summary>Up to here rows of x are used where they lie; from three on tiles read W faster, because they fetch ahead.</summary>
    public const int MostUnpackedRows = 2;

    // Packed at once: 384 rows x 256 inputs are 384 KiB, which leaves half of a second-level cache of 1 MiB.
    private const int MostPackedRows = 384;

    // About 128 KiB of W a range where it is read once: ten microseconds.
    private const int BytesPerRange = 128 * 1024;

    // Ranges per thread, so that a thread that loses its core to another process delays the call by a part of its share only.
    private const int RangesPerThread = 8;
    private const int MostPanelsPerRange = 8;

    // Less work than waking another core is worth: a few microseconds of packing, and of multiply-adds.
    private const long AlonePackElements = 16 * 1024;
    private const long AloneProducts = 512 * 1024;

    private KernelSet _kernels = null!;
    private GemmCall _call;
    private Phase _phase;
    private int _panelsPerRange;
    private int _panelRanges;
    private int _sliversPerRange;
    private int _slivers;
    private int _firstRow;
    private int _rows;
    private float* _packed;

    private enum Phase
    {
        FewRows,
        Pack,
        Multiply,
    }

    /// <summary>Computes the call. callScratch is for the packed rows.</summary>
    public void Execute(WorkerPool pool, KernelSet kernels, ScratchArena callScratch, in GemmCall call)
    {
        _kernels = kernels;
        _call = call;
        if (call.X.Rows <= MostUnpackedRows || kernels.SliverRows == 0) MultiplyFew(pool);
        else MultiplyMany(pool, callScratch);
    }

    public override void Run(int range)
    {
        if (_phase == Phase.FewRows) RunFew(range);
        else if (_phase == Phase.Pack) RunPack(range);
        else RunMultiply(range);
    }

    private void MultiplyFew(WorkerPool pool)
    {
        _phase = Phase.FewRows;
        int panels = Gemm.PanelCount(_call.Outputs);
        long wanted = BytesPerRange / ((long)_call.Inputs * Gemm.PanelWidth * sizeof(float));
        _panelsPerRange = (int)Math.Clamp((wanted + 3) / 4 * 4, 4, panels + 3);
        pool.Run(this, CeilDivide(panels, _panelsPerRange), (long)_call.X.Rows * _call.Inputs * _call.Outputs < AloneProducts);
    }

    private void MultiplyMany(WorkerPool pool, ScratchArena callScratch)
    {
        int rows = _call.X.Rows;
        int parts = CeilDivide(rows, MostPackedRows);
        int rowsPerPart = CeilDivide(CeilDivide(rows, parts), _kernels.SliverRows) * _kernels.SliverRows;
        long bytes = (long)Gemm.PaddedRows(Math.Min(rows, rowsPerPart), _kernels.SliverGranule) * _call.Inputs * sizeof(float);
        AlignedMemory memory = callScratch.Rent(bytes);
        try
        {
            _packed = (float*)memory.Pointer;
            for (_firstRow = 0; _firstRow < rows; _firstRow += rowsPerPart)
            {
                _rows = Math.Min(rowsPerPart, rows - _firstRow);
                MultiplyPart(pool);
            }
        }
        finally
        {
            callScratch.Return(memory);
        }
    }

    private void MultiplyPart(WorkerPool pool)
    {
        _slivers = CeilDivide(_rows, _kernels.SliverRows);
        _phase = Phase.Pack;
        long elements = (long)_rows * _call.Inputs;
        pool.Run(this, _slivers, elements < AlonePackElements);

        _phase = Phase.Multiply;
        int panels = Gemm.PanelCount(_call.Outputs);
        int wanted = pool.Threads * RangesPerThread;
        _panelsPerRange = Math.Clamp(panels / wanted, 1, MostPanelsPerRange);
        _panelRanges = CeilDivide(panels, _panelsPerRange);
        int rowRanges = Math.Clamp(pool.Threads * 2 / _panelRanges, 1, _slivers);
        _sliversPerRange = CeilDivide(_slivers, rowRanges);
        pool.Run(this, _panelRanges * CeilDivide(_slivers, _sliversPerRange), elements * _call.Outputs < AloneProducts);
    }

    private void RunFew(int range)
    {
        int first = range * _panelsPerRange;
        _kernels.MultiplyRows(_call, first, Math.Min(first + _panelsPerRange, Gemm.PanelCount(_call.Outputs)));
    }

    private void RunPack(int range)
    {
        int first = range * _kernels.SliverRows;
        int height = Math.Min(_kernels.SliverRows, _rows - first);
        int granule = _kernels.SliverGranule;
        MatrixPointer part = _call.X.SliceRows(_firstRow, _rows);
        Gemm.PackSliver(part, first, height, Gemm.PaddedRows(height, granule), _packed, Gemm.PaddedRows(_rows, granule));
    }

    private void RunMultiply(int range)
    {
        int firstPanel = range % _panelRanges * _panelsPerRange;
        int firstSliver = range / _panelRanges * _sliversPerRange;
        _kernels.MultiplyPacked(_call, new GemmBlock
        {
            PackedRows = _packed,
            FirstRow = _firstRow,
            Rows = _rows,
            FirstSliver = firstSliver,
            EndSliver = Math.Min(firstSliver + _sliversPerRange, _slivers),
            FirstPanel = firstPanel,
            EndPanel = Math.Min(firstPanel + _panelsPerRange, Gemm.PanelCount(_call.Outputs)),
        });
    }

    private static int CeilDivide(int value, int by) => (value + by - 1) / by;
}
