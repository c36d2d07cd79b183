using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>
/// Spreads products of the same rows over the pool: for few rows by panels of W; else, some hundred rows at a time, first packing them and then by
/// blocks of y. A norm is applied where the rows are packed, once for all products; a gated pair meets block by block, while both are in the cache.
/// </summary>
internal sealed unsafe class GemmJob : PoolJob
{
    /// <summary>Up to here rows of x are used where they lie; from three on tiles read W faster, because they fetch ahead.</summary>
    public const int MostUnpackedRows = 2;

    // To widen I8 takes more instructions than to multiply it with a row: two rows of tiles are one and a half times as fast.
    private const int MostUnpackedRowsOfI8 = 1;

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
    private ScratchArena _rangeScratch = null!;
    private Phase _phase;
    private bool _isGated;
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

    /// <summary>Filled by the caller before <see cref="Execute"/>, released by it afterwards.</summary>
    public ProductTable Products { get; } = new();

    private int Inputs => Products.X.Columns;

    /// <summary>Products whose panels are counted: the second of a gated pair goes with the first, but for few rows.</summary>
    private int CountedProducts => _isGated && _phase != Phase.FewRows ? 1 : Products.Count;

    /// <summary>Computes the products. callScratch is for the packed rows.</summary>
    /// <param name="pool">Who works.</param>
    /// <param name="kernels">How.</param>
    /// <param name="callScratch">For the packed rows, or for few rows after their norm.</param>
    /// <param name="rangeScratch">For what one range needs.</param>
    /// <param name="isGated">Two products of one shape become silu(first) * second, in the first one's place.</param>
    public void Execute(WorkerPool pool, KernelSet kernels, ScratchArena callScratch, ScratchArena rangeScratch, bool isGated = false)
    {
        _kernels = kernels;
        _rangeScratch = rangeScratch;
        _isGated = isGated;
        if (Products.X.Rows <= MostRowsOfFew() || kernels.SliverRows == 0) MultiplyFew(pool, callScratch);
        else MultiplyMany(pool, callScratch);
    }

    public override void Run(int range)
    {
        if (_phase == Phase.Pack) RunPack(range);
        else if (_phase == Phase.FewRows) RunFew(PanelsOf(range));
        else RunMultiply(PanelsOf(range % _panelRanges), range / _panelRanges);
    }

    private int MostRowsOfFew()
    {
        for (int i = 0; i < Products.Count; i++)
        {
            if (Products[i].Storage == ElementType.I8) return MostUnpackedRowsOfI8;
        }

        return MostUnpackedRows;
    }

    /// <summary>
    /// By panels of all products. A norm is computed by the caller, and a gated pair meets at the end: to change from one weight to the other after every
    /// few panels costs the processor's own fetching more than a small matrix beside them does.
    /// </summary>
    private void MultiplyFew(WorkerPool pool, ScratchArena callScratch)
    {
        _phase = Phase.FewRows;
        MatrixPointer x = Products.X;
        int upColumns = _isGated ? Products[1].Outputs : 0;
        AlignedMemory memory = callScratch.Rent((long)x.Rows * (x.Columns + upColumns) * sizeof(float));
        try
        {
            var up = new MatrixPointer((float*)memory.Pointer, x.Rows, upColumns, upColumns);
            if (_isGated) Products.MoveResult(1, up);
            if (Products.Gain != null)
            {
                var normed = new MatrixPointer(up.Row(x.Rows), x.Rows, x.Columns, x.Columns);
                _kernels.RmsNorm(x, Products.Gain, Products.Epsilon, normed);
                Products.MoveRows(normed);
            }

            long wanted = BytesPerRange / ((long)Inputs * Gemm.PanelWidth * sizeof(float));
            _panelsPerRange = (int)Math.Max((wanted + 3) / 4 * 4, 4);
            pool.Run(this, CountPanelRanges(), IsLittle(x.Rows));
            if (_isGated) _kernels.SiluMultiply(Products[0].Y, up);
        }
        finally
        {
            callScratch.Return(memory);
        }
    }

    private void MultiplyMany(WorkerPool pool, ScratchArena callScratch)
    {
        int rows = Products.X.Rows;
        int parts = CeilDivide(rows, MostPackedRows);
        int rowsPerPart = CeilDivide(CeilDivide(rows, parts), _kernels.SliverRows) * _kernels.SliverRows;
        long bytes = (long)Gemm.PaddedRows(Math.Min(rows, rowsPerPart), _kernels.SliverGranule) * Inputs * sizeof(float);
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
        pool.Run(this, _slivers, (long)_rows * Inputs < AlonePackElements);

        _phase = Phase.Multiply;
        int panels = 0;
        for (int i = 0; i < CountedProducts; i++) panels += Gemm.PanelCount(Products[i].Outputs);
        _panelsPerRange = Math.Clamp(panels / (pool.Threads * RangesPerThread), 1, MostPanelsPerRange);
        _panelRanges = CountPanelRanges();
        int rowRanges = Math.Clamp(pool.Threads * 2 / _panelRanges, 1, _slivers);
        _sliversPerRange = CeilDivide(_slivers, rowRanges);
        pool.Run(this, _panelRanges * CeilDivide(_slivers, _sliversPerRange), IsLittle(_rows));
    }

    private bool IsLittle(int rows)
    {
        long outputs = 0;
        for (int i = 0; i < Products.Count; i++) outputs += Products[i].Outputs;
        return rows * Inputs * outputs < AloneProducts;
    }

    private int CountPanelRanges()
    {
        int ranges = 0;
        for (int i = 0; i < CountedProducts; i++) ranges += CeilDivide(Gemm.PanelCount(Products[i].Outputs), _panelsPerRange);
        return ranges;
    }

    private PanelRange PanelsOf(int range)
    {
        int product = 0;
        while (true)
        {
            int panels = Gemm.PanelCount(Products[product].Outputs);
            int ranges = CeilDivide(panels, _panelsPerRange);
            if (range < ranges) return new PanelRange(product, range * _panelsPerRange, Math.Min((range + 1) * _panelsPerRange, panels));
            range -= ranges;
            product++;
        }
    }

    private void RunFew(in PanelRange panels) => _kernels.MultiplyRows(Products[panels.Product], panels.First, panels.End);

    private void RunPack(int range)
    {
        int first = range * _kernels.SliverRows;
        MatrixPointer sliver = Products.X.SliceRows(_firstRow + first, Math.Min(_kernels.SliverRows, _rows - first));
        if (Products.Gain == null)
        {
            Pack(sliver, first);
            return;
        }

        AlignedMemory scratch = _rangeScratch.Rent((long)sliver.Rows * sliver.Columns * sizeof(float));
        var normed = new MatrixPointer((float*)scratch.Pointer, sliver.Rows, sliver.Columns, sliver.Columns);
        _kernels.RmsNorm(sliver, Products.Gain, Products.Epsilon, normed);
        Pack(normed, first);
        _rangeScratch.Return(scratch);
    }

    private void Pack(MatrixPointer sliver, int first)
    {
        int granule = _kernels.SliverGranule;
        Gemm.PackSliver(sliver, first, Gemm.PaddedRows(sliver.Rows, granule), _packed, Gemm.PaddedRows(_rows, granule));
    }

    private void RunMultiply(in PanelRange panels, int rowRange)
    {
        int firstSliver = rowRange * _sliversPerRange;
        int endSliver = Math.Min(firstSliver + _sliversPerRange, _slivers);
        var block = new GemmBlock
        {
            PackedRows = _packed,
            FirstRow = _firstRow,
            Rows = _rows,
            FirstSliver = firstSliver,
            EndSliver = endSliver,
            FirstPanel = panels.First,
            EndPanel = panels.End,
        };
        _kernels.MultiplyPacked(Products[panels.Product], block);
        if (!_isGated) return;
        int first = _firstRow + (firstSliver * _kernels.SliverRows);
        int count = _firstRow + Math.Min(endSliver * _kernels.SliverRows, _rows) - first;
        AlignedMemory scratch = RentUp(count, panels, out MatrixPointer up);
        _kernels.MultiplyPacked(WithResult(Products[1], up, first, panels), block);
        _kernels.SiluMultiply(BlockOf(Products[0].Y, first, count, panels), up);
        _rangeScratch.Return(scratch);
    }

    /// <summary>Room for a block of the second of a gated pair.</summary>
    private AlignedMemory RentUp(int rows, in PanelRange panels, out MatrixPointer up)
    {
        int stride = (panels.End - panels.First) * Gemm.PanelWidth;
        AlignedMemory scratch = _rangeScratch.Rent((long)rows * stride * sizeof(float));
        up = new MatrixPointer((float*)scratch.Pointer, rows, BlockOf(Products[0].Y, 0, rows, panels).Columns, stride);
        return scratch;
    }

    /// <summary>A product whose y is only one block, at row <paramref name="firstRow"/>: y begins where its first row and output would lie.</summary>
    private static GemmCall WithResult(in GemmCall call, MatrixPointer block, int firstRow, in PanelRange panels)
    {
        float* start = block.Start - ((nint)firstRow * block.Stride) - (panels.First * Gemm.PanelWidth);
        return call with { Y = new MatrixPointer(start, call.Y.Rows, call.Y.Columns, block.Stride) };
    }

    private static MatrixPointer BlockOf(MatrixPointer y, int firstRow, int rows, in PanelRange panels)
    {
        int first = panels.First * Gemm.PanelWidth;
        return new MatrixPointer(y.Row(firstRow) + first, rows, Math.Min(panels.End * Gemm.PanelWidth, y.Columns) - first, y.Stride);
    }

    private static int CeilDivide(int value, int by) => (value + by - 1) / by;

    /// <summary>Panels [First, End) of one product.</summary>
    private readonly record struct PanelRange(int Product, int First, int End);
}
