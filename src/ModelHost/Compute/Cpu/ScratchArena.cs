using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>
/// Working memory of kernels, kept and grown to the largest size asked, so that after the first calls none is allocated. One arena serves one
/// kind of size; contents are whatever the last user left.
/// </summary>
internal sealed class ScratchArena : IDisposable
{
    private readonly AlignedMemory?[] _free;
    private bool _disposed;

    public ScratchArena(int slots) => _free = new AlignedMemory?[slots];

    public AlignedMemory Rent(long bytes)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        for (int i = 0; i < _free.Length; i++)
        {
            if (Volatile.Read(ref _free[i]) is null || Interlocked.Exchange(ref _free[i], null) is not { } memory) continue;
            if (memory.Bytes >= bytes) return memory;
            memory.Dispose();
            break;
        }

        return AlignedMemory.Allocate(bytes);
    }

    public void Return(AlignedMemory memory)
    {
        for (int i = 0; i < _free.Length && !Volatile.Read(ref _disposed); i++)
        {
            if (Volatile.Read(ref _free[i]) is null && Interlocked.CompareExchange(ref _free[i], memory, null) is null) return;
        }

        memory.Dispose();
    }

    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        for (int i = 0; i < _free.Length; i++) Interlocked.Exchange(ref _free[i], null)?.Dispose();
    }
}
