using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Integrity;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Streams;

namespace LatentDb.Silo.Admin;

/// <summary>POST /v1/admin/store/scrub?memory: reads everything back, or one memory, and compares it with what was written. Damage is part of the report.</summary>
internal sealed class ScrubStore(StoreScrubber scrubber, JobStream jobs)
{
    public Task HandleAsync(HttpContext context, RequestScope scope)
    {
        string? memory = context.Request.Query["memory"];
        if (memory is { Length: 0 }) throw new LatentDbException(ErrorCode.InvalidRequest, "memory is empty.");
        MemoryKey? key = memory is null ? null : scope.Key(memory);
        return jobs.RunAsync(context, (progress, token) => scrubber.ScrubAsync(key, StoreProgressRelay.To(progress), token));
    }
}
