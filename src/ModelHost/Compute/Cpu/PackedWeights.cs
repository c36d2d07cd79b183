using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>A weight in panels of 32 outputs (<see cref="Gemm"/>): the one layout that both products read, each byte once and in order.</summary>
internal sealed unsafe class PackedWeights : WeightMatrix
{
    private readonly long _weightBytes;

    public PackedWeights(int outputs, int inputs, ElementType storage)
        : base(outputs, inputs)
    {
        Storage = storage;
        long padded = (long)Gemm.PanelCount(outputs) * Gemm.PanelWidth;
        _weightBytes = checked(padded * inputs * storage.Bytes());
        Memory = AlignedMemory.Allocate(_weightBytes + (storage == ElementType.I8 ? padded * sizeof(float) : 0));
    }

    /// <summary>F32, BF16 or I8.</summary>
    public ElementType Storage { get; }

    /// <summary>I8: a factor for each output, behind the weights; else null. Valid while <see cref="Memory"/> is held.</summary>
    public float* Scales => Storage == ElementType.I8 ? (float*)((byte*)Memory.Pointer + _weightBytes) : null;

    public AlignedMemory Memory { get; }

    protected override void Dispose(bool disposing)
    {
        if (disposing) Memory.Dispose();
    }
}
