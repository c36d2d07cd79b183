using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Checkpoints.Safetensors;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>A named tensor of a checkpoint, wherever its file is. Valid while its <see cref="CheckpointFolder"/> is open.</summary>
internal sealed class StoredTensor
{
    private readonly SafetensorsFile _file;
    private readonly SafetensorsEntry _entry;

    public StoredTensor(SafetensorsFile file, SafetensorsEntry entry)
    {
        _file = file;
        _entry = entry;
    }

    public string Name => _entry.Name;

    public string FilePath => _file.FilePath;

    public SafetensorsType Type => _entry.Type;

    public ImmutableArray<long> Shape => _entry.Shape;

    public long Bytes => _entry.Bytes;

    public long Elements => _entry.Bytes / _entry.Type.Bytes();

    /// <summary>Its type if the back end can read it.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: not F32, F16 or BF16.</exception>
    public ElementType FloatType => _entry.Type.AsFloat() ?? throw CheckpointErrors.Tensor(FilePath, Name, $"is stored as {Type}; F32, F16 or BF16 is needed.");

    /// <summary>Copies bytes, from <paramref name="offset"/> within the tensor.</summary>
    public void Read(long offset, Span<byte> target) => _file.Read(_entry, offset, target);

    /// <summary>The whole tensor as fp32, for small ones (norms, ages): at most 2^28 elements.</summary>
    public float[] ReadSingles()
    {
        ElementType type = FloatType;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Elements, 1 << 28);
        float[] values = new float[Elements];
        if (type == ElementType.F32)
        {
            Read(0, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        ushort[] halves = new ushort[values.Length];
        Read(0, MemoryMarshal.AsBytes(halves.AsSpan()));
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type == ElementType.BF16 ? BitConverter.UInt32BitsToSingle((uint)halves[i] << 16) : (float)BitConverter.UInt16BitsToHalf(halves[i]);
        }

        return values;
    }

    /// <summary>Hands all bytes to <paramref name="visitor"/>, in pieces that end between elements.</summary>
    public void Scan<TVisitor>(ref TVisitor visitor)
        where TVisitor : struct, IByteVisitor
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CheckpointLimits.ScanBytes);
        try
        {
            for (long offset = 0; offset < Bytes; offset += CheckpointLimits.ScanBytes)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(CheckpointLimits.ScanBytes, Bytes - offset));
                Read(offset, piece);
                visitor.Visit(piece);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: a NaN or an infinity.</exception>
    public void RequireFinite()
    {
        var check = new FiniteCheck(FloatType);
        Scan(ref check);
        if (check.Found) throw CheckpointErrors.Tensor(FilePath, Name, "contains NaN or infinity.");
    }
}

/// <summary>Receives the bytes of a tensor piece by piece.</summary>
internal interface IByteVisitor
{
    void Visit(ReadOnlySpan<byte> piece);
}
