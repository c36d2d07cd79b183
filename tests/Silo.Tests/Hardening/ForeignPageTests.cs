using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>Requests that a browser makes for a page of another site: they start nothing and learn nothing, not even whether a memory exists.</summary>
public sealed class ForeignPageTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    public static TheoryData<string, string, bool> Requests => new()
    {
        { "POST /v1/admin/store/compact", "Sec-Fetch-Site: cross-site", false },
        { "POST /v1/admin/store/compact", "Sec-Fetch-Site: same-site", false },
        { "POST /v1/admin/store/compact", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate", false },
        { "POST /v1/admin/store/compact", "Sec-Fetch-Site: nonsense", false },
        { "POST /v1/admin/store/compact", "Origin: http://evil.example", false },
        { "POST /v1/admin/store/compact", "Origin: null", false },
        { "POST /v1/admin/store/compact", "Origin: http://localhost.evil.example", false },
        { "POST /v1/admin/store/compact", "Origin: http://localhost:81", false },
        { "POST /v1/admin/store/compact", "Sec-Fetch-Site: same-origin", true },
        { "POST /v1/admin/store/compact", "Sec-Fetch-Site: none", true },
        { "POST /v1/admin/store/compact", "Origin: http://localhost", true },
        { "POST /v1/admin/store/compact", "Origin: https://LOCALHOST", true },
        { "POST /v1/admin/store/compact", "X-No: origin", true },
        { "GET /v1/memories/{id}", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors", false },
        { "GET /v1/memories/{id}", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate", true },
        { "GET /v1/memories/{id}", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors", true },
        { "GET /v1/memories/{id}", "Origin: http://evil.example", true },
        { "OPTIONS /v1/memories/{id}", "Origin: http://evil.example\r\nAccess-Control-Request-Method: DELETE", false },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Only_its_own_pages_programs_and_links_are_answered(string request, string headers, bool isAnswered)
    {
        string id = await fixture.NewMemoryAsync();

        RawAnswer? answer = await RawConnection.ExchangeAsync(
            fixture.Silo.Http.BaseAddress!, $"{request.Replace("{id}", id, StringComparison.Ordinal)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{headers}\r\n\r\n");

        int served = OwnerSilos.AreWanted && request.Contains("/store/", StringComparison.Ordinal) ? 503 : 200; // The front of a cluster has no store to care for, and says so.
        Assert.Equal(isAnswered ? served : 403, answer?.Status);
        if (!isAnswered) Assert.Contains("urn:latentdb:problem:cross_site", answer!.Text, StringComparison.Ordinal);
    }
}
