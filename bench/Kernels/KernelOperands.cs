using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost;
using LatentDb.ModelHost.Compute;

namespace LatentDb.Kernels;

/// <summary>Matrices and weights of seeded numbers for benchmarks, freed together.</summary>
internal sealed class KernelOperands(IComputeBackend backend) : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly SeededRandom _random = new(1);

    public MatrixView Matrix(int rows, int columns)
    {
        DeviceBuffer buffer = backend.Allocate((long)rows * columns);
        _owned.Add(buffer);
        MatrixView view = buffer.AsMatrix(rows, columns);
        backend.Upload(MemoryMarshal.AsBytes(Numbers(rows * columns).AsSpan()), ElementType.F32, view);
        return view;
    }

    /// <summary>Rows as a memory keeps them.</summary>
    public MatrixView Stored(int rows, int columns)
    {
        DeviceBuffer buffer = backend.Allocate((long)rows * columns, ElementType.BF16);
        _owned.Add(buffer);
        MatrixView view = buffer.AsMatrix(rows, columns);
        var numbers = new ushort[rows * columns];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = (ushort)(BitConverter.SingleToUInt32Bits((float)(_random.NextDouble() - 0.5)) >> 16);
        backend.Upload(MemoryMarshal.AsBytes(numbers.AsSpan()), ElementType.BF16, view);
        return view;
    }

    public WeightMatrix Weight(int outputs, int inputs, ElementType storage)
    {
        WeightMatrix weight = backend.Pack(MemoryMarshal.AsBytes(Numbers(outputs * inputs).AsSpan()), ElementType.F32, outputs, inputs, storage);
        _owned.Add(weight);
        return weight;
    }

    public void Dispose()
    {
        foreach (IDisposable owned in _owned) owned.Dispose();
    }

    private float[] Numbers(int count)
    {
        var numbers = new float[count];
        for (int i = 0; i < count; i++) numbers[i] = (float)(_random.NextDouble() - 0.5);
        return numbers;
    }
}
