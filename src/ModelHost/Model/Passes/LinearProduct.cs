using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>A linear layer and where its result goes.</summary>
/// <param name="Linear">The layer, with its adapters.</param>
/// <param name="Y">[rows, outputs].</param>
internal readonly record struct LinearProduct(Linear Linear, MatrixView Y);
