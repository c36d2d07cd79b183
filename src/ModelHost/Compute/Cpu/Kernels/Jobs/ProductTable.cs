using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Products of the same rows turned into pointers, with their memory held until <see cref="Release"/>.</summary>
internal sealed unsafe class ProductTable
{
    // Of each product the weight and y; besides them x and the gain.
    private readonly AlignedMemory[] _held = new AlignedMemory[(2 * IComputeBackend.MostProducts) + 2];
    private readonly GemmCall[] _calls = new GemmCall[IComputeBackend.MostProducts];
    private MatrixView _x;
    private int _heldCount;

    public int Count { get; private set; }

    public MatrixPointer X { get; private set; }

    /// <summary>Null where x is multiplied as it is.</summary>
    public float* Gain { get; private set; }

    public float Epsilon { get; private set; }

    public ref readonly GemmCall this[int product] => ref _calls[product];

    /// <summary>The rows that all products share. <see cref="Release"/> is due from here on, whatever is thrown.</summary>
    public void Begin(MatrixView x, RowNorm? norm)
    {
        _x = x;
        X = Hold(x, nameof(x));
        if (norm is not { } by) return;
        ArgumentShapes.Row(by.Gain, x.Columns, nameof(norm));
        Gain = Hold(by.Gain, nameof(norm)).Start;
        Epsilon = by.Epsilon;
    }

    public void Add(WeightMatrix weight, MatrixView y, bool accumulate = false, float scale = 1)
    {
        if (weight is not PackedWeights packed) throw new ArgumentException("The weight was not packed by the cpu back end.", nameof(weight));
        ArgumentShapes.Equal(_x.Columns, packed.Inputs, "The columns of x", "x");
        ArgumentShapes.Equal(y.Columns, packed.Outputs, "The columns of y", nameof(y));
        ArgumentShapes.Equal(y.Rows, _x.Rows, "The rows of y", nameof(y));
        ArgumentShapes.Distinct(y, _x, nameof(y));
        if (!accumulate && scale != 1) throw new ArgumentException("Only an accumulating product has a scale.", nameof(scale));
        MatrixPointer target = Hold(y, nameof(y));
        Hold(packed.Memory);
        _calls[Count++] = new GemmCall
        {
            X = X,
            Panels = (byte*)packed.Memory.Pointer,
            Storage = packed.Storage,
            Scales = packed.Scales,
            Y = target,
            Accumulate = accumulate,
            Scale = scale,
        };
    }

    /// <summary>The rows are read at another place from now on.</summary>
    public void MoveRows(MatrixPointer x)
    {
        for (int i = 0; i < Count; i++) _calls[i] = _calls[i] with { X = x };
    }

    /// <summary>A product's result goes to another place from now on.</summary>
    public void MoveResult(int product, MatrixPointer y) => _calls[product] = _calls[product] with { Y = y };

    public void Release()
    {
        while (_heldCount > 0) _held[--_heldCount].DangerousRelease();
        Array.Clear(_held);
        Count = 0;
        Gain = null;
        _x = default;
    }

    private MatrixPointer Hold(MatrixView view, string name)
    {
        MatrixPointer pointer = HeldMatrix.Hold(view, name, out AlignedMemory memory);
        _held[_heldCount++] = memory;
        return pointer;
    }

    private void Hold(AlignedMemory memory)
    {
        bool held = false;
        memory.DangerousAddRef(ref held);
        _held[_heldCount++] = memory;
    }
}
