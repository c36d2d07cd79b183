using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

/// <summary>Rows counted through a list of segments.</summary>
internal static unsafe class SegmentRows
{
    /// <summary>Says where rows [first, first + count) lie. angles: see <see cref="AttentionCall.Angles"/>.</summary>
    public static void Locate(SegmentPointer* segments, int segmentCount, int first, int count, float* angles, int headSize, RowPlace* places)
    {
        int index = SegmentOf(segments, segmentCount, first);
        for (int i = 0; i < count; index++)
        {
            ref readonly SegmentPointer segment = ref segments[index];
            int row = first + i - segment.FirstKey;
            int end = Math.Min(count, i + segment.Rows - row);
            byte* key = segment.Keys + (row * segment.KeyStride);
            byte* value = segment.Values + (row * segment.ValueStride);
            float* rotation = segment.IsRotated ? null : angles + ((nint)(segment.FirstPosition + row) * headSize);
            for (; i < end; i++, key += segment.KeyStride, value += segment.ValueStride)
            {
                places[i] = new RowPlace { Key = key, Value = value, Angles = rotation, Type = segment.Type };
                rotation = rotation == null ? null : rotation + headSize;
            }
        }
    }

    /// <summary>The segment that holds a row, by bisection.</summary>
    private static int SegmentOf(SegmentPointer* segments, int count, int row)
    {
        int low = 0;
        int high = count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (segments[middle].FirstKey <= row) low = middle;
            else high = middle - 1;
        }

        return low;
    }
}

/// <summary>A segment's rows. Strides are bytes.</summary>
internal unsafe struct SegmentPointer
{
    public byte* Keys;
    public byte* Values;
    public nint KeyStride;
    public nint ValueStride;

    /// <summary>Number of its first row among all keys of the sequence.</summary>
    public int FirstKey;
    public int Rows;
    public int FirstPosition;
    public bool IsRotated;

    /// <summary>F32 or BF16.</summary>
    public ElementType Type;
}

/// <summary>Where one key's rows of all heads begin.</summary>
internal unsafe struct RowPlace
{
    public byte* Key;
    public byte* Value;

    /// <summary>Cosines and sines of its position; null when K carries its rotation.</summary>
    public float* Angles;
    public ElementType Type;
}
