using System.Numerics;

namespace LatentDb.MemoryStore.Blocks;

/// <summary>
/// Memory that one reader lends for slice after slice, so that it stays in the processor's cache and costs no page faults. For one read at a time.
/// </summary>
public sealed class SliceBuffer
{
    private byte[] _bytes = [];

    /// <summary>That many bytes, for a source to read into; what was lent before is of no further use.</summary>
    public Memory<byte> Lend(int bytes)
    {
        // A buffer that is used once takes what it needs and no more; the second slice shows that more will come.
        int wanted = _bytes.Length == 0 ? bytes : (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)bytes), (uint)Array.MaxLength);
        if (_bytes.Length < bytes) _bytes = GC.AllocateUninitializedArray<byte>(wanted);
        return _bytes.AsMemory(0, bytes);
    }
}
