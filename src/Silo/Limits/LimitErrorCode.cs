using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Limits;

/// <summary>Ways a tenant's limits refuse a request; a quota that waiting does not mend is <c>quota_exceeded</c>.</summary>
internal static class LimitErrorCode
{
    public static readonly ErrorCode RateLimited = new("rate_limited", Remedy.RetryLater);
}
