namespace LatentDb.Silo.Tests.Hardening.Fuzz;

/// <summary>Values that programs have stumbled over before.</summary>
internal static class Spices
{
    /// <summary>Names of memories that the requests are about, so that many of them find one.</summary>
    public static readonly string[] Ids = ["fuzz-a", "fuzz-b", "fuzz-c", "fuzz-d"];

    /// <summary>Latin-1: a character is a byte. For addresses and headers.</summary>
    public static readonly string[] Texts =
    [
        "", "0", "1", "-1", "2", "99", "head", "HEAD", "null", "true", "NaN", "Infinity", "1e400", "-0", "+1", "0x10", "1.5", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "99999999999999999999999", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-40T25:61:61Z", "%00", "%0d%0aX-Evil:%201", "%ff%fe", "%c0%ae%c0%ae", "%ed%a0%80",
        "..", "../..", "%2e%2e%2f", "..%5c..%5c", "%252e%252e", "a%2fb", "a/b", "CON", "nul.txt", ".", "~", "*", "?", "#", "%", "%z", "\u00e9", "\u00ff\u00fe", "\u007f", "\t", "'", "\"", "<script>", "${jndi:ldap://x}",
        "{id}", "{0}", "%n%s", "|id", ";ls", "$(id)", "`id`", "\u00e2\u0080\u00ae", "%e2%80%ae", "%F0%9F%98%80", "*/*", "\"v1\"", "\"v1\", \"v2\"", "W/\"v1\"", "Bearer x", ":QUJD:", ":!!!:", "::", "__proto__",
    ];

    /// <summary>JSON, as it stands in a body.</summary>
    public static readonly string[] Values =
    [
        "null", "true", "false", "0", "-0", "-1", "1", "1.5", "1e0", "1E+400", "-1e400", "1e-400", "4.9e-324", "1e-45", "-1e-45", "3.5e38", "NaN", "Infinity", "-Infinity", "0x10", "01", "+1", ".5", "5.", "2147483648",
        "-2147483649", "9223372036854775808", "18446744073709551616", "123456789012345678901234567890", "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\uD83D\\uDE00\"", "\"\u00ff\"", "\"\\x\"", "'x'",
        "[]", "{}", "[null]", "[[[]]]", "{\"a\":1,\"a\":2}", "{\"__proto__\":{}}", "{\"$type\":\"x\"}", "{\"$ref\":\"#\"}", "\"NaN\"", "\"1\"", "\"head\"", "\"2026-01-01T00:00:00Z\"", "\"../../x\"", "\"a\\u0000b\"", "undefined", "//", "/**/",
    ];

    /// <summary>Headers that are none of the route's.</summary>
    public static readonly string[] Headers =
    [
        "Expect: 100-continue", "Expect: nonsense", "Content-Encoding: gzip", "Content-Encoding: br, identity", "Transfer-Encoding: gzip, chunked", "Upgrade: h2c", "Connection: upgrade, keep-alive, close", "Range: bytes=0-,-1,5-2",
        "If-None-Match: *", "If-Match: *", "If-Modified-Since: yesterday", "Accept: text/html;q=9", "Accept-Encoding: gzip;q=x, *;q=0", "Accept-Charset: utf-16", "Cookie: a=b; \u00ff", "Authorization: Bearer ldb_x", "Authorization: Basic \u0080",
        "X-Tenant-Id: ..", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil.example", "X-HTTP-Method-Override: DELETE", "X-Original-URL: /v1/admin/keys", "Origin: null", "Sec-Fetch-Site: cross-site", "traceparent: 00-x-y-z", "baggage: a=b,,,=",
        "Content-Type: text/plain", "Content-Type: application/json; charset=utf-16", "Content-Type: \u0001", "Content-Length: 1", "Prefer: respond-async", "Prefer: wait=-1", "Date: never", "Te: trailers", "Trailer: Content-Length", ": empty", "X-A", "X A: b",
    ];
}
