using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Turns a row-major weight into panels: [panel][input][32 outputs], the last panel padded with zeros. One range is one panel.</summary>
internal sealed unsafe class PanelPacking : PoolJob
{
    private KernelSet _kernels = null!;
    private byte* _source;
    private ElementType _type;
    private byte* _target;
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
        for (int depth = 0; depth < _inputs; depth += Gemm.DepthBlock)
        {
            PackBlock(panel, first, lanes, depth, Math.Min(Gemm.DepthBlock, _inputs - depth));
        }
    }

    [SkipLocalsInit]
    private void PackBlock(byte* panel, int firstOutput, int lanes, int firstInput, int inputs)
    {
        float* wide = stackalloc float[Gemm.DepthBlock];
        ushort* narrow = stackalloc ushort[Gemm.DepthBlock];
        nint corner = (nint)firstInput * Gemm.PanelWidth;
        for (int lane = 0; lane < lanes; lane++)
        {
            byte* row = _source + ((((nint)(firstOutput + lane) * _inputs) + firstInput) * _type.Bytes());
            Convert.Widen(_kernels, row, _type, wide, inputs);
            if (_storage == ElementType.BF16)
            {
                _kernels.NarrowBFloat16(wide, narrow, inputs);
                ushort* to = (ushort*)panel + corner + lane;
                for (int k = 0; k < inputs; k++) to[(nint)k * Gemm.PanelWidth] = narrow[k];
            }
            else
            {
                float* to = (float*)panel + corner + lane;
                for (int k = 0; k < inputs; k++) to[(nint)k * Gemm.PanelWidth] = wide[k];
            }
        }
    }
}
