using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>A weight in panels of 32 outputs (<see cref="Gemm"/>): the one layout that both products read, each byte once and in order.</summary>
internal sealed class PackedWeights : WeightMatrix
{
    public PackedWeights(int outputs, int inputs, ElementType storage)
        : base(outputs, inputs)
    {
        Storage = storage;
        Memory = AlignedMemory.Allocate(checked((long)Gemm.PanelCount(outputs) * Gemm.PanelWidth * inputs * storage.Bytes()));
    }

    /// <summary>F32 or BF16.</summary>
    public ElementType Storage { get; }

    public AlignedMemory Memory { get; }

    protected override void Dispose(bool disposing)
    {
        if (disposing) Memory.Dispose();
    }
}
