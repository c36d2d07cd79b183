namespace LatentDb.ModelHost.Compute;

/// <summary>An RMSNorm that a product applies to its rows before it multiplies them.</summary>
/// <param name="Gain">[1, columns of the rows].</param>
/// <param name="Epsilon">Added to the mean square.</param>
internal readonly record struct RowNorm(MatrixView Gain, float Epsilon);
