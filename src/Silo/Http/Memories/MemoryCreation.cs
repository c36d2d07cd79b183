using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Http.Memories;

/// <summary>For callers who want a memory to be there and do not care who made it.</summary>
internal static class MemoryCreation
{
    /// <summary>The memory, made if it is missing.</summary>
    /// <param name="scope">Whose memory.</param>
    /// <param name="id">Its name.</param>
    /// <param name="note">Told when it is made; null = the request is a write anyway.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LatentDbException">forbidden: it is missing, and the caller may not make it.</exception>
    public static async Task<IMemoryGrain> EnsureMemoryAsync(this RequestScope scope, string id, AuditNote? note, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = scope.Memory(id);
        try
        {
            await memory.DescribeAsync(cancellationToken).ConfigureAwait(false);
            return memory;
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.MemoryNotFound)
        {
            scope.Require(Role.Writer);
            (await scope.AdmitAsync(Costs.Memory | Costs.Growth, cancellationToken).ConfigureAwait(false)).Dispose(); // Of these two no place is held.
            note?.Write("createMemory", id);
        }

        try
        {
            await memory.CreateAsync(new CreateMemoryCommand(Metadata: null, new WriteOrigin(null, scope.Caller.Author)), cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.MemoryExists)
        {
            // Another request was as quick; the memory is there, and that is what was asked for.
        }

        return memory;
    }
}
