using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>
/// Turns a row-major weight into panels: [panel][input][32 outputs], the last panel padded with zeros. One range is one panel. I8 rounds each output's
/// weights to whole multiples of its largest magnitude / 127.
/// </summary>
internal sealed unsafe class PanelPacking : PoolJob
{
    private const float Int8Largest = 127;

    private KernelSet _kernels = null!;
    private byte* _source;
    private ElementType _type;
    private byte* _target;
    private float* _scales;
    private ElementType _storage;
    private int _outputs;
    private int _inputs;

    /// <summary><paramref name="target"/> must be zeroed: only real outputs are written.</summary>
    public static void Pack(WorkerPool pool, KernelSet kernels, ReadOnlySpan<byte> rowMajor, ElementType type, PackedWeights target)
    {
        bool held = false;
        target.Memory.DangerousAddRef(ref held);
        try
        {
            fixed (byte* source = rowMajor)
            {
                var job = new PanelPacking
                {
                    _kernels = kernels,
                    _source = source,
                    _type = type,
                    _target = (byte*)target.Memory.Pointer,
                    _scales = target.Scales,
                    _storage = target.Storage,
                    _outputs = target.Outputs,
                    _inputs = target.Inputs,
                };
                pool.Run(job, Gemm.PanelCount(target.Outputs));
            }
        }
        finally
        {
            target.Memory.DangerousRelease();
        }
    }

    public override void Run(int range)
    {
        int first = range * Gemm.PanelWidth;
        int lanes = Math.Min(Gemm.PanelWidth, _outputs - first);
        byte* panel = _target + ((nint)range * Gemm.PanelWidth * _inputs * _storage.Bytes());
        for (int lane = 0; lane < lanes; lane++)
        {
            byte* row = _source + ((nint)(first + lane) * _inputs * _type.Bytes());
            float scale = _storage == ElementType.I8 ? ScaleOf(row) : 1;
            if (_scales != null) _scales[first + lane] = scale;
            for (int depth = 0; depth < _inputs; depth += Gemm.DepthBlock)
            {
                nint corner = ((nint)depth * Gemm.PanelWidth) + Gemm.PlaceOf(lane, _storage);
                PackRow(row + ((nint)depth * _type.Bytes()), panel, corner, Math.Min(Gemm.DepthBlock, _inputs - depth), scale);
            }
        }
    }

    /// <summary>The step between whole numbers: the largest weight of an output becomes 127.</summary>
    [SkipLocalsInit]
    private float ScaleOf(byte* row)
    {
        float* wide = stackalloc float[Gemm.DepthBlock];
        float largest = 0;
        for (int depth = 0; depth < _inputs; depth += Gemm.DepthBlock)
        {
            int inputs = Math.Min(Gemm.DepthBlock, _inputs - depth);
            Convert.Widen(_kernels, row + ((nint)depth * _type.Bytes()), _type, wide, inputs);
            for (int k = 0; k < inputs; k++) largest = MathF.Max(largest, MathF.Abs(wide[k]));
        }

        return largest == 0 ? 1 : largest / Int8Largest;
    }

    [SkipLocalsInit]
    private void PackRow(byte* from, byte* panel, nint corner, int inputs, float scale)
    {
        float* wide = stackalloc float[Gemm.DepthBlock];
        ushort* narrow = stackalloc ushort[Gemm.DepthBlock];
        Convert.Widen(_kernels, from, _type, wide, inputs);
        switch (_storage)
        {
            case ElementType.BF16:
                _kernels.NarrowBFloat16(wide, narrow, inputs);
                for (int k = 0; k < inputs; k++) ((ushort*)panel)[corner + ((nint)k * Gemm.PanelWidth)] = narrow[k];
                break;
            case ElementType.I8:
                for (int k = 0; k < inputs; k++) ((sbyte*)panel)[corner + ((nint)k * Gemm.PanelWidth)] = (sbyte)MathF.Round(wide[k] / scale);
                break;
            default:
                for (int k = 0; k < inputs; k++) ((float*)panel)[corner + ((nint)k * Gemm.PanelWidth)] = wide[k];
                break;
        }
    }
}
