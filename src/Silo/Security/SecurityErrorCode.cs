using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Security;

/// <summary>Ways a request can fail because of who makes it, and ways the care of keys and tenants can fail.</summary>
internal static class SecurityErrorCode
{
    public static readonly ErrorCode Unauthenticated = new("unauthenticated", Remedy.FixRequest);
    public static readonly ErrorCode Forbidden = new("forbidden", Remedy.FixRequest);
    public static readonly ErrorCode TenantSuspended = new("tenant_suspended", Remedy.FixRequest);
    public static readonly ErrorCode TooManyFailures = new("too_many_failures", Remedy.RetryLater);
    public static readonly ErrorCode FirstKeyMustBeOperator = new("first_key_must_be_operator", Remedy.FixRequest);
    public static readonly ErrorCode LastOperatorKey = new("last_operator_key", Remedy.FixRequest);
    public static readonly ErrorCode KeyNotFound = new("key_not_found", Remedy.FixRequest);
    public static readonly ErrorCode KeyRevoked = new("key_revoked", Remedy.FixRequest);
    public static readonly ErrorCode TenantNotFound = new("tenant_not_found", Remedy.FixRequest);
    public static readonly ErrorCode TenantExists = new("tenant_exists", Remedy.FixRequest);
    public static readonly ErrorCode TenantInUse = new("tenant_in_use", Remedy.FixRequest);
    public static readonly ErrorCode QuotaExceeded = new("quota_exceeded", Remedy.FixRequest);
}
