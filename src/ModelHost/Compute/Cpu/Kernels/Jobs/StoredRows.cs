using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Copies of rows that lie in the type in which they are stored. Bound by memory, and a few rows in practice: not worth the pool.</summary>
internal static unsafe class StoredRows
{
    public static void Upload(ReadOnlySpan<byte> source, ElementType type, MatrixView target)
    {
        if (type != target.Type) throw new ArgumentException($"Rows of {type} cannot be kept as {target.Type}.", nameof(type));
        using HeldRows held = HeldRows.Open(target, nameof(target));
        int bytes = target.Columns * type.Bytes();
        for (int row = 0; row < target.Rows; row++) source.Slice(row * bytes, bytes).CopyTo(new Span<byte>(held.Row(row), bytes));
    }

    public static void Copy(KernelSet kernels, MatrixView source, MatrixView target)
    {
        using HeldRows from = HeldRows.Open(source, nameof(source));
        using HeldRows to = HeldRows.Open(target, nameof(target));
        int bytes = source.Columns * source.Type.Bytes();
        for (int row = 0; row < source.Rows; row++)
        {
            if (from.Type == to.Type) new ReadOnlySpan<byte>(from.Row(row), bytes).CopyTo(new Span<byte>(to.Row(row), bytes));
            else if (to.Type == ElementType.F32) Convert.Widen(kernels, from.Row(row), from.Type, (float*)to.Row(row), source.Columns);
            else throw new ArgumentException($"Rows of {from.Type} cannot become {to.Type}.", nameof(target));
        }
    }
}
