using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>
/// K, rotated, and V of consecutive text rows in every layer. A page that is full is never written again, so sessions and prompt prefixes share it;
/// who holds one retains it, and the last to release it gives it back.
/// </summary>
internal sealed class TextPage : IDisposable
{
    /// <summary>
    /// Text rows of a page, and of a piece of a prefill. What is computed of a page depends on the prompt up to its end alone and is computed by
    /// the same calls in every prefill, so a shared page holds the bits that the session would have computed itself.
    /// </summary>
    public const int RowCount = 64;

    private readonly TextPages _owner;
    private readonly DeviceBuffer _buffer;
    private readonly MatrixView _all; // [layers, K and V, rows, kv width]
    private int _holders;

    public TextPage(TextPages owner, DeviceBuffer buffer, ModelDimensions dimensions)
    {
        _owner = owner;
        _buffer = buffer;
        _all = buffer.AsMatrix(2 * dimensions.L * RowCount, dimensions.KvWidth);
    }

    public long Bytes => _buffer.Elements * sizeof(float);

    /// <summary>[rows, kv width].</summary>
    public MatrixView Keys(int layer) => _all.SliceRows(2 * layer * RowCount, RowCount);

    /// <summary>[rows, kv width].</summary>
    public MatrixView Values(int layer) => _all.SliceRows(((2 * layer) + 1) * RowCount, RowCount);

    public TextPage Retain()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0) _owner.TakeBack(this);
    }

    /// <summary>Frees the memory; only the owner calls this.</summary>
    public void Dispose() => _buffer.Dispose();
}
