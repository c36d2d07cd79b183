namespace LatentDb.ModelHost.Compute;

/// <summary>One of several products of the same rows.</summary>
/// <param name="Weight">[outputs, inputs].</param>
/// <param name="Y">Receives [rows, outputs].</param>
internal readonly record struct WeightProduct(WeightMatrix Weight, MatrixView Y);
