using System.Buffers.Binary;
using LatentDb.ModelHost.Checkpoints.Safetensors;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>The memory that a checkpoint ships with: its pool and, for M+, its bank. Read lazily from the mapped files.</summary>
internal sealed class GenesisTensors
{
    /// <summary>Whole numbers up to here are exact in a double; no age comes near.</summary>
    private const double MaxAge = 1L << 53;

    private readonly CheckpointFolder _folder;

    public GenesisTensors(CheckpointFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        _folder = folder;
        IsInitialized = !folder.Tensors.TryGetValue(TensorNames.Initialized, out StoredTensor? initialized) || ReadInitialized(initialized);
    }

    /// <summary>false = the pool holds nothing yet and the first write fills it (a fresh MemoryLLM); M+ has no such state.</summary>
    public bool IsInitialized { get; }

    /// <summary>[N, d] of one layer, oldest row first.</summary>
    public StoredMatrix Pool(int layer)
    {
        CheckLayer(layer);
        ModelConfig config = _folder.Config;
        return new StoredMatrix(_folder[TensorNames.Memory], (long)layer * config.PoolRows, config.PoolRows, config.HiddenSize);
    }

    /// <summary>One layer of the bank; null for a model without one or with one that begins empty.</summary>
    public GenesisBank? Bank(int layer)
    {
        CheckLayer(layer);
        if (_folder.Config.LongTerm is not { } longTerm || !_folder.Tensors.TryGetValue(TensorNames.BankRows(layer), out StoredTensor? rows)) return null;
        int count = (int)rows.Shape[0];
        return new GenesisBank(
            new StoredMatrix(rows, 0, count, _folder.Config.HiddenSize),
            new StoredMatrix(_folder[TensorNames.BankKeys(layer)], 0, count, longTerm.KeyWidth),
            ReadAges(_folder[TensorNames.BankAges(layer)]),
            _folder[TensorNames.BankRecallFrequencies(layer)].ReadSingles());
    }

    /// <summary>One number, 0 or 1, of any whole or float type.</summary>
    public static bool ReadInitialized(StoredTensor tensor)
    {
        if (tensor.Elements != 1) throw CheckpointErrors.Tensor(tensor.FilePath, tensor.Name, $"has shape {CheckpointErrors.Shape(tensor.Shape)}; one number is needed.");
        if (tensor.Type.AsFloat() is not null) return tensor.ReadSingles()[0] != 0;
        Span<byte> bytes = stackalloc byte[(int)tensor.Bytes];
        tensor.Read(0, bytes);
        return bytes.ContainsAnyExcept((byte)0);
    }

    /// <summary>
    /// Straight from what is stored to whole numbers. The official loader goes through bfloat16 first, which rounds ages above 256; that is not
    /// copied.
    /// </summary>
    public static long[] ReadAges(StoredTensor tensor)
    {
        if (tensor.Type is SafetensorsType.I64 or SafetensorsType.I32) return ReadWholeAges(tensor);
        float[] stored = tensor.ReadSingles();
        long[] ages = new long[stored.Length];
        for (int i = 0; i < ages.Length; i++)
        {
            if (!(stored[i] >= 0 && stored[i] <= MaxAge) || stored[i] != MathF.Floor(stored[i]))
            {
                throw CheckpointErrors.Tensor(tensor.FilePath, tensor.Name, $"has the age {stored[i]} at row {i}; ages are whole numbers from 0.");
            }

            ages[i] = (long)stored[i];
        }

        return ages;
    }

    private static long[] ReadWholeAges(StoredTensor tensor)
    {
        byte[] bytes = new byte[tensor.Bytes];
        tensor.Read(0, bytes);
        long[] ages = new long[tensor.Elements];
        for (int i = 0; i < ages.Length; i++)
        {
            ages[i] = tensor.Type == SafetensorsType.I64
                ? BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * sizeof(long)))
                : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * sizeof(int)));
            if (ages[i] < 0) throw CheckpointErrors.Tensor(tensor.FilePath, tensor.Name, $"has the age {ages[i]} at row {i}; ages are whole numbers from 0.");
        }

        return ages;
    }

    private void CheckLayer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, _folder.Config.Layers);
    }
}

/// <summary>One layer of the bank that a checkpoint ships with, in insertion order.</summary>
/// <param name="Rows">[S, d].</param>
/// <param name="Keys">[S, key width].</param>
/// <param name="Ages">S whole numbers; larger is older.</param>
/// <param name="RecallFrequencies">S counters of merges that a row may still live through.</param>
internal sealed record GenesisBank(StoredMatrix Rows, StoredMatrix Keys, long[] Ages, float[] RecallFrequencies)
{
    /// <summary>S.</summary>
    public int Count => Rows.Rows;
}
