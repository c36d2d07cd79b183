using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>Ways a request can fail before it means anything to the database.</summary>
internal static class HttpErrorCode
{
    public static readonly ErrorCode BodyTooLarge = new("body_too_large", Remedy.FixRequest);
    public static readonly ErrorCode UnsupportedMediaType = new("unsupported_media_type", Remedy.FixRequest);
    public static readonly ErrorCode MalformedJson = new("malformed_json", Remedy.FixRequest);
    public static readonly ErrorCode UnsupportedParameter = new("unsupported_parameter", Remedy.FixRequest);
    public static readonly ErrorCode ModelNotFound = new("model_not_found", Remedy.FixRequest);
    public static readonly ErrorCode TextNotFound = new("text_not_found", Remedy.FixRequest);
    public static readonly ErrorCode RouteNotFound = new("route_not_found", Remedy.FixRequest);
    public static readonly ErrorCode MethodNotAllowed = new("method_not_allowed", Remedy.FixRequest);
    public static readonly ErrorCode PreconditionFailed = new("precondition_failed", Remedy.FixRequest);
    public static readonly ErrorCode HostNotAllowed = new("host_not_allowed", Remedy.FixRequest);
    public static readonly ErrorCode Maintenance = new("maintenance", Remedy.CallOperator);
    public static readonly ErrorCode UnsupportedEncoding = new("unsupported_encoding", Remedy.FixRequest);
    public static readonly ErrorCode CrossSite = new("cross_site", Remedy.FixRequest);
    public static readonly ErrorCode RequestTimeout = new("request_timeout", Remedy.FixRequest);
    public static readonly ErrorCode BadRequest = new("bad_request", Remedy.FixRequest);
}
