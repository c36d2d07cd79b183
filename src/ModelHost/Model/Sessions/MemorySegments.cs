using System.Runtime.InteropServices;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>
/// What a session reads before its text, by layer: bos, retrieved rows oldest first, the pool by rank. Long runs stay where the pager holds them; short
/// ones, which old blocks consist of, and retrieved rows are gathered, in the type in which they are stored.
/// </summary>
internal sealed class MemorySegments(IComputeBackend backend, ModelDimensions dimensions, RowBuffers buffers) : IDisposable
{
    /// <summary>A run of fewer rows costs an attention more than its copy: half a cache line of scores, and two views to open.</summary>
    private const int ShortRun = 32;

    private readonly List<KeySegment>[] _layers = [.. Enumerable.Range(0, dimensions.L).Select(_ => new List<KeySegment>())];
    private readonly List<KeySegment> _runs = []; // of the layer that is being listed
    private readonly DeviceBuffer?[] _gathered = new DeviceBuffer?[dimensions.L];
    private readonly int[] _rows = new int[dimensions.L];

    /// <summary>Rows before the text: the position of its first row.</summary>
    public int Rows(int layer) => _rows[layer];

    public ReadOnlySpan<KeySegment> Of(int layer) => CollectionsMarshal.AsSpan(_layers[layer]);

    /// <summary>Lists the rows of a layer; nothing for a checkpoint without memory, which has no bos either.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="bos">Its row at position 0.</param>
    /// <param name="memory">The version; the layer is ready and the chosen rows are fetched.</param>
    /// <param name="chosen">Positions in the bank, in reading order.</param>
    public void Fill(int layer, KeySegment bos, IMemoryRows memory, int[] chosen)
    {
        if (memory.Manifest.Layers[layer].PoolRows == 0) return;
        List<KeySegment> pool = _runs;
        pool.Clear();
        memory.PoolSegments(layer, firstPosition: 1 + chosen.Length, pool);
        int copied = chosen.Length;
        foreach (KeySegment run in pool) copied += run.Rows < ShortRun ? run.Rows : 0;

        List<KeySegment> target = _layers[layer];
        target.Add(bos);
        MatrixView keys = default;
        MatrixView values = default;
        if (copied > 0)
        {
            _gathered[layer] = buffers.Rent(2L * copied * dimensions.KvWidth, memory.RowType);
            MatrixView both = _gathered[layer]!.AsMatrix(2 * copied, dimensions.KvWidth);
            (keys, values) = (both.SliceRows(0, copied), both.SliceRows(copied, copied));
        }

        if (chosen.Length > 0) memory.CopyBank(layer, chosen, keys.SliceRows(0, chosen.Length), values.SliceRows(0, chosen.Length));
        var gathered = new Gathering(backend, target, keys, values, chosen.Length);
        foreach (KeySegment run in pool)
        {
            if (run.Rows < ShortRun) gathered.Copy(run);
            else gathered.Keep(run);
        }

        gathered.Close();
        foreach (KeySegment segment in target) _rows[layer] += segment.Rows;
    }

    public void Dispose()
    {
        for (int l = 0; l < _gathered.Length; l++)
        {
            if (_gathered[l] is { } buffer) buffers.Return(buffer);
            _gathered[l] = null;
        }
    }

    /// <summary>Copies neighbouring short runs one behind the other, so that they become one segment.</summary>
    private ref struct Gathering(IComputeBackend backend, List<KeySegment> target, MatrixView keys, MatrixView values, int copied)
    {
        private int _end = copied; // rows that are copied
        private int _first; // of them, those that are listed
        private int _position = 1;

        public void Copy(in KeySegment run)
        {
            backend.Copy(run.Keys, keys.SliceRows(_end, run.Rows));
            backend.Copy(run.Values, values.SliceRows(_end, run.Rows));
            _end += run.Rows;
        }

        public void Keep(in KeySegment run)
        {
            Close();
            target.Add(run);
            _position += run.Rows;
        }

        /// <summary>Lists what was copied since the last run that was kept.</summary>
        public void Close()
        {
            int rows = _end - _first;
            if (rows == 0) return;
            target.Add(new KeySegment(keys.SliceRows(_first, rows), values.SliceRows(_first, rows), _position, IsRotated: false));
            _first = _end;
            _position += rows;
        }
    }
}
