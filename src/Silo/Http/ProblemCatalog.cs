using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Http;

/// <summary>Error code → HTTP status and title. Every code is here and in docs/errors.md; a test compares the three.</summary>
internal static class ProblemCatalog
{
    /// <summary>Problem types are this followed by the code.</summary>
    public const string TypePrefix = "urn:latentdb:problem:";

    public static IReadOnlyDictionary<ErrorCode, ProblemKind> Kinds { get; } = new Dictionary<ErrorCode, ProblemKind>
    {
        [ErrorCode.InvalidRequest] = new(400, "The request is not valid"),
        [ErrorCode.InvalidName] = new(400, "A name is not valid"),
        [HttpErrorCode.BadRequest] = new(400, "The request is not valid HTTP"),
        [HttpErrorCode.MalformedJson] = new(400, "The body is not the JSON that is expected"),
        [HttpErrorCode.UnsupportedParameter] = new(400, "A parameter asks for what the server cannot do"),
        [SecurityErrorCode.Unauthenticated] = new(401, "An API key is needed"),
        [SecurityErrorCode.Forbidden] = new(403, "The key may not do this"),
        [SecurityErrorCode.TenantSuspended] = new(403, "The tenant is suspended"),
        [SecurityErrorCode.QuotaExceeded] = new(403, "The quota is used up"),
        [HttpErrorCode.CrossSite] = new(403, "A page of another site made the request"),
        [SecurityErrorCode.KeyNotFound] = new(404, "There is no such key"),
        [SecurityErrorCode.TenantNotFound] = new(404, "There is no such tenant"),
        [ErrorCode.MemoryNotFound] = new(404, "There is no such memory"),
        [ErrorCode.VersionNotFound] = new(404, "There is no such version"),
        [ErrorCode.OperationNotFound] = new(404, "There is no such operation"),
        [ErrorCode.SnapshotNotFound] = new(404, "There is no such snapshot"),
        [HttpErrorCode.TextNotFound] = new(404, "The version has no text"),
        [HttpErrorCode.ModelNotFound] = new(404, "The server has no such model"),
        [HttpErrorCode.RouteNotFound] = new(404, "There is nothing at this address"),
        [HttpErrorCode.MethodNotAllowed] = new(405, "This address does not take this method"),
        [HttpErrorCode.RequestTimeout] = new(408, "The request came too slowly"),
        [SecurityErrorCode.FirstKeyMustBeOperator] = new(409, "The first key must be an operator's"),
        [SecurityErrorCode.LastOperatorKey] = new(409, "The last operator key must stay"),
        [SecurityErrorCode.KeyRevoked] = new(409, "The key is of no use any more"),
        [SecurityErrorCode.TenantExists] = new(409, "The tenant exists already"),
        [SecurityErrorCode.TenantInUse] = new(409, "The tenant is in use"),
        [ErrorCode.MemoryExists] = new(409, "The memory exists already"),
        [ErrorCode.OperationNotCancellable] = new(409, "The operation has begun"),
        [ErrorCode.SnapshotExists] = new(409, "The snapshot exists already"),
        [ErrorCode.VersionConflict] = new(409, "Another write came first"),
        [ErrorCode.ModelMismatch] = new(409, "The memory belongs to another model"),
        [ErrorCode.VersionExpired] = new(410, "The version is no longer kept"),
        [HttpErrorCode.PreconditionFailed] = new(412, "The head is not the version in If-Match"),
        [HttpErrorCode.BodyTooLarge] = new(413, "The body is too large"),
        [HttpErrorCode.UnsupportedMediaType] = new(415, "The body must be application/json"),
        [HttpErrorCode.UnsupportedEncoding] = new(415, "The body must not be compressed"),
        [HttpErrorCode.HostNotAllowed] = new(421, "The server does not answer to this name"),
        [ErrorCode.TextTooShort] = new(422, "The text is too short"),
        [ErrorCode.TextTooLong] = new(422, "The text is too long"),
        [ErrorCode.ArchiveInvalid] = new(422, "The archive cannot be imported"),
        [ErrorCode.IdempotencyMismatch] = new(422, "The idempotency key belongs to another request"),
        [LimitErrorCode.RateLimited] = new(429, "The tenant's rate is used up"),
        [SecurityErrorCode.TooManyFailures] = new(429, "Too many wrong API keys"),
        [ErrorCode.Overloaded] = new(429, "Too much is going on; try again soon"),
        [ErrorCode.Internal] = new(500, "A defect of the server"),
        [ErrorCode.DataDamaged] = new(500, "Stored data is damaged"),
        [ErrorCode.UnsupportedFormat] = new(500, "Stored data has a format that this version does not know"),
        [ErrorCode.CheckpointInvalid] = new(500, "The model cannot be served"),
        [ErrorCode.ConfigurationInvalid] = new(500, "The server is configured wrongly"),
        [ErrorCode.ShardLocked] = new(503, "Another process owns the data"),
        [ErrorCode.ModelLoading] = new(503, "The model is still being loaded"),
        [ErrorCode.ShuttingDown] = new(503, "The server is shutting down"),
        [ErrorCode.StaleOwner] = new(503, "Another process has taken over the data"),
        [ErrorCode.NotOwner] = new(503, "The memory is moving to another server"),
        [ErrorCode.NotEnoughCopies] = new(503, "Too few copies of the data are in sync"),
        [ErrorCode.SiloUnreachable] = new(503, "Another server of the cluster cannot be reached"),
        [ErrorCode.KeyUnavailable] = new(503, "The keys of stored data cannot be had"),
        [HttpErrorCode.Maintenance] = new(503, "The server runs for maintenance"),
        [AuditErrorCode.AuditUnavailable] = new(503, "The audit log cannot be written"),
        [ErrorCode.StoreUnavailable] = new(503, "The store takes no writes"),
        [ErrorCode.StoreFull] = new(507, "The disk is full"),
    };

    /// <summary>An unknown code is a defect of ours, not of the caller.</summary>
    public static ProblemKind Of(ErrorCode code) => Kinds.TryGetValue(code, out ProblemKind? kind) ? kind : Kinds[ErrorCode.Internal];
}

/// <summary>How one error code looks on the wire.</summary>
internal sealed record ProblemKind(int Status, string Title);
