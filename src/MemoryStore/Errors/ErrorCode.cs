namespace LatentDb.MemoryStore.Errors;

/// <summary>A stable name for one way an operation can fail; clients branch on it, so a name is never reused or changed.</summary>
/// <param name="Name">snake_case, unique; also the anchor in docs/errors.md and the tail of the HTTP problem type.</param>
/// <param name="Remedy">Who must act.</param>
public sealed record ErrorCode(string Name, Remedy Remedy)
{
    public static readonly ErrorCode InvalidRequest = new("invalid_request", Remedy.FixRequest);
    public static readonly ErrorCode InvalidName = new("invalid_name", Remedy.FixRequest);
    public static readonly ErrorCode MemoryNotFound = new("memory_not_found", Remedy.FixRequest);
    public static readonly ErrorCode VersionNotFound = new("version_not_found", Remedy.FixRequest);
    public static readonly ErrorCode VersionExpired = new("version_expired", Remedy.FixRequest);
    public static readonly ErrorCode SnapshotNotFound = new("snapshot_not_found", Remedy.FixRequest);
    public static readonly ErrorCode OperationNotFound = new("operation_not_found", Remedy.FixRequest);
    public static readonly ErrorCode OperationNotCancellable = new("operation_not_cancellable", Remedy.FixRequest);
    public static readonly ErrorCode MemoryExists = new("memory_exists", Remedy.FixRequest);
    public static readonly ErrorCode SnapshotExists = new("snapshot_exists", Remedy.FixRequest);
    public static readonly ErrorCode VersionConflict = new("version_conflict", Remedy.FixRequest);
    public static readonly ErrorCode IdempotencyMismatch = new("idempotency_mismatch", Remedy.FixRequest);
    public static readonly ErrorCode TextTooShort = new("text_too_short", Remedy.FixRequest);
    public static readonly ErrorCode TextTooLong = new("text_too_long", Remedy.FixRequest);
    public static readonly ErrorCode ArchiveInvalid = new("archive_invalid", Remedy.FixRequest);
    public static readonly ErrorCode ModelMismatch = new("model_mismatch", Remedy.FixRequest);
    public static readonly ErrorCode ModelLoading = new("model_loading", Remedy.RetryLater);
    public static readonly ErrorCode Overloaded = new("overloaded", Remedy.RetryLater);
    public static readonly ErrorCode ShuttingDown = new("shutting_down", Remedy.RetryLater);
    public static readonly ErrorCode StoreFull = new("store_full", Remedy.RetryLater);
    public static readonly ErrorCode StoreUnavailable = new("store_unavailable", Remedy.CallOperator);
    public static readonly ErrorCode StaleOwner = new("stale_owner", Remedy.RetryLater);
    public static readonly ErrorCode NotOwner = new("not_owner", Remedy.RetryLater);
    public static readonly ErrorCode NotEnoughCopies = new("not_enough_copies", Remedy.RetryLater);
    public static readonly ErrorCode SiloUnreachable = new("silo_unreachable", Remedy.RetryLater);
    public static readonly ErrorCode ShardLocked = new("shard_locked", Remedy.CallOperator);
    public static readonly ErrorCode KeyUnavailable = new("key_unavailable", Remedy.CallOperator);
    public static readonly ErrorCode DataDamaged = new("data_damaged", Remedy.CallOperator);
    public static readonly ErrorCode UnsupportedFormat = new("unsupported_format", Remedy.CallOperator);
    public static readonly ErrorCode CheckpointInvalid = new("checkpoint_invalid", Remedy.CallOperator);
    public static readonly ErrorCode ConfigurationInvalid = new("configuration_invalid", Remedy.CallOperator);
    public static readonly ErrorCode Internal = new("internal", Remedy.ReportBug);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
