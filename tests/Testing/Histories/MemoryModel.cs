namespace LatentDb.Testing.Histories;

/// <summary>What one memory is to its clients: it is there or not, and its versions are counted one by one.</summary>
public static class MemoryModel
{
    /// <summary>The head of a memory that is not there.</summary>
    public const long Absent = 0;

    /// <summary>The head after an operation, or null when the operation could not have had its outcome over this head.</summary>
    /// <param name="head">The head before it; <see cref="Absent"/> = there is no memory.</param>
    /// <param name="operation">What was asked and told. For an unknown outcome: what it does if it happens now.</param>
    public static long? Apply(long head, Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Outcome switch
        {
            OperationOutcome.Done => Done(head, operation),
            OperationOutcome.NotFound => head == Absent ? head : null,
            OperationOutcome.Exists => head != Absent ? head : null,
            OperationOutcome.Conflict => head != Absent && head != operation.Version ? head : null,
            _ => Happened(head, operation),
        };
    }

    private static long? Done(long head, Operation operation) => operation.Kind switch
    {
        OperationKind.Create => head == Absent ? Math.Max(1, operation.Version) : null,
        OperationKind.Write or OperationKind.WriteIfHead => head != Absent && operation.Version == head + 1 ? operation.Version : null,
        OperationKind.Read => head != Absent && operation.Version == head ? head : null,
        _ => head != Absent ? Absent : null,
    };

    private static long? Happened(long head, Operation operation) => operation.Kind switch
    {
        OperationKind.Create => head == Absent ? Math.Max(1, operation.Version) : null,
        OperationKind.Write => head != Absent ? head + 1 : null,
        OperationKind.WriteIfHead => head != Absent && head == operation.Version ? head + 1 : null,
        OperationKind.Read => head,
        _ => head != Absent ? Absent : null,
    };
}
