namespace LatentDb.Silo.Security;

/// <summary>Decides who the caller is, before any route runs.</summary>
internal sealed class Authentication(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        context.Features.Set(Caller.Keyless);
        return next(context);
    }
}
