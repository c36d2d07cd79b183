using LatentDb.MemoryStore.Integrity;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Admin;

/// <summary>POST /v1/admin/store/rotate-keys: new keys above those of the memories; no data is rewritten.</summary>
internal static class RotateKeys
{
    /// <summary>Which keys.</summary>
    internal enum Level
    {
        /// <summary>The master key: reads the master keys again and wraps everything under the first.</summary>
        Master,

        /// <summary>The tenant's key.</summary>
        Tenant,

        /// <summary>The keys of the shards themselves.</summary>
        Shards,
    }

    /// <param name="Keys">master, tenant or shards.</param>
    internal sealed record Body(Level Keys);

    /// <param name="MasterKeys">The master keys that wrap something now; one that is not among them may be taken away.</param>
    internal sealed record Answer(MasterKeyUse[] MasterKeys);

    public static async Task<IResult> HandleAsync(HttpContext context, StoreKeys keys, RequestScope scope, BodyReader reader, CancellationToken cancellationToken)
    {
        Body body = await reader.ReadAsync<Body>(context.Request, cancellationToken).ConfigureAwait(false);
        Task rotation = body.Keys switch
        {
            Level.Tenant => keys.RotateTenantAsync(scope.Tenant, cancellationToken),
            Level.Shards => keys.RotateShardsAsync(cancellationToken),
            _ => keys.RotateMasterAsync(cancellationToken),
        };
        await rotation.ConfigureAwait(false);
        return Results.Json(new Answer([.. keys.ListMasterKeys()]), ApiJson.Options);
    }
}
