namespace LatentDb.ModelHost.Compute;

/// <summary>
/// Rows that a query attends to, where they lie: a run of a memory's pool, the retrieved rows, or the session's text. F32 or BF16.
/// </summary>
/// <param name="Keys">K [rows, kvHeads x headSize].</param>
/// <param name="Values">V, of the same shape and type.</param>
/// <param name="FirstPosition">Position of the first row; row r stands at FirstPosition + r.</param>
/// <param name="IsRotated">K already carries the rotation of its position. Else the attention applies it, because a row's rank differs from version to version.</param>
internal readonly record struct KeySegment(MatrixView Keys, MatrixView Values, int FirstPosition, bool IsRotated)
{
    public int Rows => Keys.Rows;
}
