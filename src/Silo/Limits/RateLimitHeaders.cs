using System.Globalization;

namespace LatentDb.Silo.Limits;

/// <summary>RateLimit and RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers-10: structured lists with one item per limited rate.</summary>
internal static class RateLimitHeaders
{
    private const int WindowSeconds = 60;

    public static void Write(IHeaderDictionary headers, EffectiveLimits limits, TenantMeter meter)
    {
        (string Name, MinuteAllowance Allowance, int PerMinute)[] rates =
        [
            ("requests", meter.Requests, limits.RequestsPerMinute), ("injects", meter.Injects, limits.InjectsPerMinute), ("tokens", meter.Tokens, limits.TokensPerMinute),
        ];
        List<string> policies = [];
        List<string> levels = [];
        foreach ((string name, MinuteAllowance allowance, int perMinute) in rates)
        {
            if (perMinute <= 0) continue;
            AllowanceLevel level = allowance.Look(perMinute);
            policies.Add(string.Create(CultureInfo.InvariantCulture, $"\"{name}\";q={perMinute};w={WindowSeconds}"));
            levels.Add(string.Create(CultureInfo.InvariantCulture, $"\"{name}\";r={level.Left};t={Math.Max(0, level.FullInSeconds)}"));
        }

        headers["RateLimit-Policy"] = string.Join(", ", policies);
        headers["RateLimit"] = string.Join(", ", levels);
    }
}
