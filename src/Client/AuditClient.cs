using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>The log of who did what: an admin reads his tenant's lines, an operator all of them.</summary>
public sealed class AuditClient
{
    private readonly ApiConnection _connection;

    internal AuditClient(ApiConnection connection) => _connection = connection;

    /// <summary>Lines in order, oldest first.</summary>
    /// <param name="ofAllTenants">All lines, also of nobody known; for operators.</param>
    /// <param name="after">The number of a line: those after it; 0 = from the oldest.</param>
    /// <param name="limit">1 to 200; null = the server's choice.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<AuditPage> ListAsync(bool ofAllTenants = false, long after = 0, int? limit = null, CancellationToken cancellationToken = default)
    {
        string size = limit is { } count ? $"&limit={count}" : string.Empty;
        return _connection.SendAsync(ApiRequest.Get($"{(ofAllTenants ? "v1/admin/audit" : "v1/audit")}?after={after}{size}"), ClientJson.Default.AuditPage, cancellationToken);
    }

    /// <summary>Follows the chain of the whole log; for operators.</summary>
    public Task<AuditVerdict> VerifyAsync(CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get("v1/admin/audit/verify"), ClientJson.Default.AuditVerdict, cancellationToken);

    /// <summary>Writes all lines as they are on the server's disk, one JSON object each; returns their bytes. For operators.</summary>
    /// <param name="destination">Written from its position; not closed.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    public async Task<long> ExportAsync(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using HttpResponseMessage response = await _connection
            .SendAsync(ApiRequest.Get("v1/admin/audit/export"), HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        Stream lines = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (lines.ConfigureAwait(false)) return await ArchiveTransfer.CopyAsync(lines, destination, null, null, cancellationToken).ConfigureAwait(false);
    }
}
