using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>Memory of the cpu back end: native, zeroed, on a 64-byte border.</summary>
internal sealed class CpuBuffer : DeviceBuffer
{
    public CpuBuffer(long elements, ElementType type)
        : base(elements, type)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elements);
        if (type is not (ElementType.F32 or ElementType.BF16)) throw new ArgumentException($"Buffers hold F32 or BF16, not {type}.", nameof(type));
        Memory = AlignedMemory.Allocate(checked(elements * type.Bytes()));
    }

    public AlignedMemory Memory { get; }

    protected override void Dispose(bool disposing)
    {
        // AlignedMemory is a SafeHandle and finalizes itself; only an explicit Dispose frees early.
        if (disposing) Memory.Dispose();
    }
}
