using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// K (rotated) and V of everything that a query attends to: bos, retrieved rows, pool, text. Each layer has its own length, because banks of
/// different layers may hold fewer rows than are wanted.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly DeviceBuffer _buffer;
    private readonly MatrixView _all;
    private readonly int _capacityRows;
    private readonly int[] _rows;

    /// <param name="backend">Where it lies.</param>
    /// <param name="dimensions">The model.</param>
    /// <param name="capacityRows">Rows per layer: memory, prompt and every token to come.</param>
    public KeyValueCache(IComputeBackend backend, ModelDimensions dimensions, int capacityRows)
    {
        _capacityRows = capacityRows;
        _rows = new int[dimensions.L];
        _buffer = backend.Allocate(2L * dimensions.L * capacityRows * dimensions.KvWidth);
        _all = _buffer.AsMatrix(checked(2 * dimensions.L * capacityRows), dimensions.KvWidth);
    }

    /// <summary>Rows of a layer so far; also the position of the next row.</summary>
    public int Rows(int layer) => _rows[layer];

    /// <summary>Room for <paramref name="count"/> more rows of K; valid until the cache is disposed.</summary>
    public MatrixView NextKeys(int layer, int count) => Part(2 * layer, _rows[layer], count);

    public MatrixView NextValues(int layer, int count) => Part((2 * layer) + 1, _rows[layer], count);

    public void Advance(int layer, int count) => _rows[layer] += count;

    /// <summary>[rows so far, kv width].</summary>
    public MatrixView Keys(int layer) => Part(2 * layer, 0, _rows[layer]);

    public MatrixView Values(int layer) => Part((2 * layer) + 1, 0, _rows[layer]);

    public void Dispose() => _buffer.Dispose();

    private MatrixView Part(int half, int first, int count)
    {
        if (first + count > _capacityRows) throw new InvalidOperationException($"A cache of {_capacityRows} rows cannot take rows {first} to {first + count}.");
        return _all.SliceRows((half * _capacityRows) + first, count);
    }
}
