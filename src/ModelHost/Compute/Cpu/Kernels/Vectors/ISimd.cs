using System.Runtime.Intrinsics;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

/// <summary>The few vector operations that kernels are written in, so that one source serves every width. The JIT inlines all of them.</summary>
internal unsafe interface ISimd<TVector>
    where TVector : struct
{
    /// <summary>fp32 lanes of a vector.</summary>
    static abstract int Width { get; }

    static abstract TVector Load(float* from);

    /// <summary>bfloat16 to fp32.</summary>
    static abstract TVector LoadBFloat16(ushort* from);

    /// <summary>bfloat16 in the low halves of 32-bit words, to fp32.</summary>
    static abstract TVector LoadLowHalves(uint* from);

    /// <summary>bfloat16 in the high halves of 32-bit words, to fp32.</summary>
    static abstract TVector LoadHighHalves(uint* from);

    /// <summary>Signed bytes to fp32.</summary>
    static abstract TVector LoadInt8(sbyte* from);

    static abstract void Store(TVector value, float* to);

    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>a x b + c with one rounding.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>The processor's maximum: b where either is NaN.</summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary>The processor's minimum: b where either is NaN.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>Per lane: a &lt; b ? yes : no.</summary>
    static abstract TVector IfLess(TVector a, TVector b, TVector yes, TVector no);

    static abstract bool AllEqual(TVector a, TVector b);

    /// <summary>To the nearest integer.</summary>
    static abstract TVector Round(TVector value);

    /// <summary>2^n for whole n in [-126, 127].</summary>
    static abstract TVector PowerOfTwo(TVector n);

    static abstract float First(TVector value);

    /// <summary>The sum of the lanes, in a fixed order.</summary>
    static abstract float Sum(TVector value);

    /// <summary>The sums of four vectors, with a third of the instructions of four <see cref="Sum"/>.</summary>
    static abstract Vector128<float> Sums(TVector a, TVector b, TVector c, TVector d);

    static abstract float Highest(TVector value);
}
