namespace LatentDb.MemoryStore.Errors;

/// <summary>Who has to act before an operation that failed can succeed.</summary>
public enum Remedy
{
    /// <summary>The caller must change the request; repeating it as it is fails again.</summary>
    FixRequest,

    /// <summary>The same request may succeed later.</summary>
    RetryLater,

    /// <summary>An operator must repair or configure something.</summary>
    CallOperator,

    /// <summary>A defect of LatentDB: an invariant did not hold.</summary>
    ReportBug,
}
