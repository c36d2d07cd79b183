namespace LatentDb.Silo.Audit;

/// <summary>What a route that is a read by its role tells of a write that it makes all the same.</summary>
internal sealed class AuditNote
{
    /// <summary>The operation in place of the route's; null = a read.</summary>
    public string? Action { get; private set; }

    /// <summary>What it is about.</summary>
    public string? Target { get; private set; }

    /// <summary>The request's note; there is one on every route that knows its caller.</summary>
    public static AuditNote? Of(HttpContext context) => context.Features.Get<AuditNote>();

    /// <summary>Makes the request a write: its line is durable before its answer begins, or, when that has begun, when it ends.</summary>
    public void Write(string action, string target) => (Action, Target) = (action, target);
}
