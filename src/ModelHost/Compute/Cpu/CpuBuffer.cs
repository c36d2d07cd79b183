using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>fp32 memory of the cpu back end: native, zeroed, on a 64-byte border.</summary>
internal sealed class CpuBuffer : DeviceBuffer
{
    public CpuBuffer(long elements)
        : base(elements)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elements);
        Memory = AlignedMemory.Allocate(checked(elements * sizeof(float)));
    }

    public AlignedMemory Memory { get; }

    protected override void Dispose(bool disposing)
    {
        // AlignedMemory is a SafeHandle and finalizes itself; only an explicit Dispose frees early.
        if (disposing) Memory.Dispose();
    }
}
