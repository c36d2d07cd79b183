using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>Looks into a read pass: what a replay compares with recorded vectors. The default sees nothing and costs nothing.</summary>
internal abstract class PassProbe
{
    /// <summary>The residual stream of the text rows that enters a layer [n, d].</summary>
    public virtual void EntersLayer(int layer, MatrixView hidden)
    {
    }

    /// <summary>All text rows after the final norm [n, d]; asked for only when <see cref="WantsAllRows"/>.</summary>
    public virtual void Normed(MatrixView hidden)
    {
    }

    /// <summary>What the retriever saw and chose in a layer; empty scores when it took rows without scoring.</summary>
    public virtual void Retrieved(int layer, ReadOnlySpan<float> scores, ReadOnlySpan<int> positions)
    {
    }

    public virtual bool WantsAllRows => false;
}
