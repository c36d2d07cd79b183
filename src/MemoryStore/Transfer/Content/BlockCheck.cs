using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Transfer.Archives;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>
/// Follows the blocks of an archive: each is whole (the same parts in every layer, the same rows everywhere) and of the shape that the model's rows
/// have. Decides only; nothing is stored here.
/// </summary>
/// <param name="layers">Layers of the model.</param>
/// <param name="genesis">Owner uid of the model's genesis, whose blocks an archive never holds.</param>
/// <param name="names">Names in the target.</param>
/// <param name="shapes">What a slice of each part looks like, as far as the target's genesis tells.</param>
internal sealed class BlockCheck(int layers, MemoryUid genesis, BlockNames names, IReadOnlyDictionary<SlicePart, SliceShape> shapes)
{
    private readonly Dictionary<SlicePart, SliceShape> _shapes = new(shapes);
    private readonly Dictionary<BlockId, int> _rows = [];
    private readonly HashSet<(int Layer, SlicePart Part)> _seen = [];
    private ArchivedBlock? _open;
    private int _openRows;

    /// <summary>A block begins.</summary>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public void Begin(ArchivedBlock block)
    {
        RequireClosed();
        if (block.Id.Owner == genesis) throw ArchiveErrors.Invalid($"brings block {block.Id} of the model itself");
        if (_rows.ContainsKey(names.Of(block.Id))) throw ArchiveErrors.Invalid($"holds block {block.Id} twice");
        if (block.Slices % layers != 0) throw ArchiveErrors.Invalid($"has {block.Slices} slices of block {block.Id} for {layers} layers");
        _open = block;
        _seen.Clear();
    }

    /// <summary>The block that a slice belongs to now.</summary>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public BlockId Current => _open?.Id ?? throw ArchiveErrors.Invalid("holds a slice outside of a block");

    /// <summary>Checks a slice of the current block.</summary>
    /// <returns>The slice under its new name.</returns>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public BlockSlice Add(BlockSlice slice)
    {
        BlockId archived = Current;
        CheckSlice(slice);
        if (!_seen.Add((slice.Address.Layer, slice.Address.Part))) throw ArchiveErrors.Invalid($"holds slice {slice.Address} twice");
        int rows = slice.Tensors[0].Rows;
        if (_seen.Count == 1) _openRows = rows;
        if (rows != _openRows) throw ArchiveErrors.Invalid($"holds {rows} rows in slice {slice.Address}, and {_openRows} in another of that block");
        if (_seen.Count == _open!.Value.Slices) Close(archived);
        return slice with { Address = slice.Address with { Block = names.Of(archived) } };
    }

    /// <summary>All slices of the last block have come.</summary>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public void RequireClosed()
    {
        if (_open is ArchivedBlock block) throw ArchiveErrors.Invalid($"holds {_seen.Count} of {block.Slices} slices of block {block.Id}");
    }

    /// <summary>Rows of a block of the archive under its new name; null when the archive does not hold it.</summary>
    public int? RowsOf(BlockId name) => _rows.TryGetValue(name, out int rows) ? rows : null;

    private void Close(BlockId archived)
    {
        int parts = _seen.Select(s => s.Part).Distinct().Count();
        bool isWhole = _seen.Count == parts * layers && _seen.Contains((0, SlicePart.Read));
        if (!isWhole) throw ArchiveErrors.Invalid($"does not hold the same parts of block {archived} in every layer");
        _rows.Add(names.Of(archived), _openRows);
        _open = null;
    }

    private void CheckSlice(BlockSlice slice)
    {
        if (slice.Address.Layer < 0 || slice.Address.Layer >= layers) throw ArchiveErrors.Invalid($"holds slice {slice.Address} of a model of {layers} layers");
        if (slice.Kind != BlockKind.MemoryRows) throw ArchiveErrors.Invalid($"holds slice {slice.Address} of kind {slice.Kind}");
        if (slice.Tensors.Length == 0 || slice.Tensors.Any(t => t.Rows != slice.Tensors[0].Rows || t.Rows < 1)) throw ArchiveErrors.Invalid($"holds slice {slice.Address} without rows");
        SliceShape shape = SliceShape.Of(slice);
        if (_shapes.TryAdd(slice.Address.Part, shape)) return;
        if (shape != _shapes[slice.Address.Part]) throw ArchiveErrors.Invalid($"holds slice {slice.Address} with {shape}; the model's rows have {_shapes[slice.Address.Part]}");
    }
}

/// <summary>Columns of a slice, without the number of rows.</summary>
internal sealed record SliceShape(string Columns)
{
    public static SliceShape Of(BlockSlice slice)
    {
        // Ages stand beside the genesis only.
        IEnumerable<SliceTensor> columns = slice.Tensors.Where(t => t.Column != SliceColumn.Age).OrderBy(t => t.Column);
        return new SliceShape(string.Join(", ", columns.Select(t => $"{t.Column} {t.Type} x {t.Width}")));
    }

    public override string ToString() => Columns;
}
