using System.Numerics;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>
/// Scratch kept for the next piece of work. One loop computes, so one of a size is enough in service; callers at the same time get their own.
/// Thread-safe.
/// </summary>
internal sealed class ScratchRack(IComputeBackend backend, ModelDimensions dimensions) : IDisposable
{
    private const int Slots = 4;

    private readonly PassScratch?[] _free = new PassScratch?[Slots];
    private bool _disposed;

    /// <summary>Scratch for <paramref name="rows"/> rows or more.</summary>
    public PassScratch Rent(int rows)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        for (int i = 0; i < Slots; i++)
        {
            if (Volatile.Read(ref _free[i]) is not { } known || known.Rows < rows) continue;
            if (Interlocked.CompareExchange(ref _free[i], null, known) == known) return known;
        }

        // Powers of two, so that a batch that grows by one finds what the one before it left.
        return new PassScratch(backend, dimensions, (int)BitOperations.RoundUpToPowerOf2((uint)rows));
    }

    public void Return(PassScratch scratch)
    {
        PassScratch? left = scratch;
        for (int i = 0; i < Slots && left is not null && !Volatile.Read(ref _disposed); i++)
        {
            PassScratch? there = Volatile.Read(ref _free[i]);
            if (there is not null && there.Rows >= left.Rows) continue;
            if (Interlocked.CompareExchange(ref _free[i], left, there) == there) left = there; // the smaller one goes on to the next slot
        }

        left?.Dispose();
    }

    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        for (int i = 0; i < Slots; i++) Interlocked.Exchange(ref _free[i], null)?.Dispose();
    }
}
