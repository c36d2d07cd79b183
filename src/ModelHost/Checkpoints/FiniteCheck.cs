using System.Numerics;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>Looks for NaN and infinity: elements whose exponent bits are all ones.</summary>
internal struct FiniteCheck : IByteVisitor
{
    private readonly ElementType _type;

    public FiniteCheck(ElementType type) => _type = type;

    public bool Found { get; private set; }

    public void Visit(ReadOnlySpan<byte> piece)
    {
        Found |= _type switch
        {
            ElementType.F32 => HasAllOnes(MemoryMarshal.Cast<byte, uint>(piece), 0x7F80_0000u),
            ElementType.BF16 => HasAllOnes(MemoryMarshal.Cast<byte, ushort>(piece), (ushort)0x7F80),
            _ => HasAllOnes(MemoryMarshal.Cast<byte, ushort>(piece), (ushort)0x7C00),
        };
    }

    private static bool HasAllOnes<T>(ReadOnlySpan<T> values, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        var mask = new Vector<T>(exponent);
        Vector<T> found = Vector<T>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            found |= Vector.Equals(new Vector<T>(values[i..]) & mask, mask);
        }

        bool any = !Vector.EqualsAll(found, Vector<T>.Zero);
        for (; i < values.Length; i++) any |= (values[i] & exponent) == exponent;
        return any;
    }
}
