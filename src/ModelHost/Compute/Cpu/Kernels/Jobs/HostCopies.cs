using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Between host spans and matrices, and by index. Spans are pinned for the length of the call.</summary>
internal static unsafe class HostCopies
{
    public static void Upload(WorkerPool pool, RowsJob job, ReadOnlySpan<byte> source, ElementType type, MatrixPointer target)
    {
        fixed (byte* bytes = source)
        {
            job.Operation = RowOperation.Upload;
            job.Bytes = bytes;
            job.Type = type;
            job.Execute(pool, target, target);
        }
    }

    public static void Download(WorkerPool pool, RowsJob job, MatrixPointer source, ElementType type, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            job.Operation = RowOperation.Download;
            job.Bytes = bytes;
            job.Type = type;
            job.Execute(pool, source, source);
        }
    }

    /// <summary>Indices were checked. Bound by memory, and few rows in practice: not worth the pool.</summary>
    public static void Gather(MatrixPointer table, ReadOnlySpan<int> indices, MatrixPointer target)
    {
        for (int row = 0; row < indices.Length; row++)
        {
            new ReadOnlySpan<float>(table.Row(indices[row]), target.Columns).CopyTo(new Span<float>(target.Row(row), target.Columns));
        }
    }
}
