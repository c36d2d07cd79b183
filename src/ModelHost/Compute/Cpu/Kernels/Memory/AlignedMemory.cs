using System.Runtime.InteropServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

/// <summary>
/// Zeroed native memory on a cache-line border. A kernel that runs on it holds a reference (<see cref="SafeHandle.DangerousAddRef"/>), so neither
/// a finalizer nor a mistaken Dispose on another thread frees it under the kernel.
/// </summary>
internal sealed unsafe class AlignedMemory : SafeHandle
{
    /// <summary>A cache line, and the width of the widest vector.</summary>
    public const int Alignment = 64;

    // Kernels load whole vectors, up to one behind the last number; what they find there has no effect.
    private const int Slack = Alignment;

    private AlignedMemory(long bytes)
        : base(IntPtr.Zero, ownsHandle: true) => Bytes = bytes;

    public long Bytes { get; }

    public override bool IsInvalid => handle == IntPtr.Zero;

    /// <summary>Valid while the caller holds a reference.</summary>
    public void* Pointer => (void*)handle;

    public static AlignedMemory Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        nuint rounded = checked((nuint)((bytes + Alignment - 1) / Alignment * Alignment));
        if (rounded == 0) rounded = Alignment;
        rounded += Slack;
        var memory = new AlignedMemory((long)rounded);
        void* pointer = NativeMemory.AlignedAlloc(rounded, Alignment);
        NativeMemory.Clear(pointer, rounded);
        memory.SetHandle((IntPtr)pointer);
        GC.AddMemoryPressure((long)rounded);
        return memory;
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        GC.RemoveMemoryPressure(Bytes);
        return true;
    }
}
