using LatentDb.ModelHost.Compute;

namespace LatentDb.Kernels;

/// <summary>A batch of sequences, each with a memory of its own in short runs of rows, as random drops leave them, and its text.</summary>
internal sealed class SegmentOperands
{
    /// <summary>Rows that lie side by side; one more between the runs was dropped.</summary>
    public const int RunRows = 4;

    private const int TextRows = 64;

    private readonly MatrixView _q;
    private readonly MatrixView _output;
    private readonly AttentionSpan[] _sequences;
    private readonly KeySegment[] _segments;
    private readonly int _headSize;
    private readonly float[] _frequencies;

    public SegmentOperands(KernelOperands operands, int sequences, int rows, int keys, int heads, int kvHeads, int headSize)
    {
        _headSize = headSize;
        _frequencies = [.. Enumerable.Range(0, headSize / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / headSize))];
        _q = operands.Matrix(sequences * rows, heads * headSize);
        _output = operands.Matrix(sequences * rows, heads * headSize);
        _sequences = new AttentionSpan[sequences];
        int width = kvHeads * headSize;
        var segments = new List<KeySegment>();
        for (int i = 0; i < sequences; i++)
        {
            int first = segments.Count;
            int stored = keys / RunRows * (RunRows + 1);
            MatrixView k = operands.Stored(stored, width);
            MatrixView v = operands.Stored(stored, width);
            for (int run = 0; run < keys / RunRows; run++)
            {
                int at = run * (RunRows + 1);
                segments.Add(new KeySegment(k.SliceRows(at, RunRows), v.SliceRows(at, RunRows), run * RunRows, IsRotated: false));
            }

            segments.Add(new KeySegment(operands.Matrix(TextRows, width), operands.Matrix(TextRows, width), keys, IsRotated: true));
            _sequences[i] = new AttentionSpan(i * rows, rows, first, segments.Count - first);
        }

        _segments = [.. segments];
    }

    public void Attend(IComputeBackend backend) => backend.Attention(_q, _sequences, _segments, _headSize, _frequencies, _output);
}
