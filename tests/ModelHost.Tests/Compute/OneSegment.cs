using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>Attention over keys that lie in one piece and carry their rotation: what formulas are compared with.</summary>
internal static class OneSegment
{
    public static void Attend(this IComputeBackend backend, MatrixView q, MatrixView k, MatrixView v, int headSize, MatrixView output) =>
        backend.Attention(q, [new AttentionSpan(0, q.Rows, 0, 1)], [new KeySegment(k, v, FirstPosition: 0, IsRotated: true)], headSize, [], output);
}
