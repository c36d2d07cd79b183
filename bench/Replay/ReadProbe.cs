using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;

namespace LatentDb.Replay;

/// <summary>Keeps what a prefill shows of itself: residual streams, all logits, scores and choices.</summary>
internal sealed class ReadProbe(IComputeBackend backend, MemoryModel model) : PassProbe
{
    public List<float[]> HiddenStates { get; } = [];

    public float[] Logits { get; private set; } = [];

    public SortedDictionary<int, float[]> Scores { get; } = [];

    public SortedDictionary<int, int[]> Positions { get; } = [];

    public override bool WantsAllRows => true;

    public override void EntersLayer(int layer, MatrixView hidden) => HiddenStates.Add(ToHost(hidden));

    public override void Normed(MatrixView hidden)
    {
        HiddenStates.Add(ToHost(hidden));
        using DeviceBuffer buffer = backend.Allocate((long)hidden.Rows * model.Dimensions.Vocabulary);
        MatrixView logits = buffer.AsMatrix(hidden.Rows, model.Dimensions.Vocabulary);
        model.Project(hidden, logits);
        Logits = ToHost(logits);
    }

    public override void Retrieved(int layer, ReadOnlySpan<float> scores, ReadOnlySpan<int> positions)
    {
        if (scores.Length > 0) Scores[layer] = scores.ToArray();
        Positions[layer] = positions.ToArray();
    }

    private float[] ToHost(MatrixView rows)
    {
        float[] values = new float[rows.Rows * rows.Columns];
        backend.Download(rows, ElementType.F32, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
