using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Audit;

/// <summary>Ways the audit log can fail a request.</summary>
internal static class AuditErrorCode
{
    public static readonly ErrorCode AuditUnavailable = new("audit_unavailable", Remedy.CallOperator);
}
