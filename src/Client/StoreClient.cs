using System.Text.Json.Serialization.Metadata;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>Care of a server's store. Every verb may throw <see cref="ApiProblemException"/>, and <see cref="HttpRequestException"/> when nobody answers.</summary>
public sealed class StoreClient
{
    private const string Path = "v1/admin/store";

    private readonly ApiConnection _connection;

    internal StoreClient(ApiConnection connection) => _connection = connection;

    /// <summary>Drops what retention no longer keeps and gives back the space of what nobody needs. Closing the connection ends it; what was done stays done.</summary>
    public Task<CompactionReport> CompactAsync(IProgress<StoreProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync("compact", ClientJson.Default.CompactionReport, progress, cancellationToken);

    private async Task<T> RunAsync<T>(string verb, JsonTypeInfo<T> report, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        var call = new ApiRequest(HttpMethod.Post, $"{Path}/{verb}", IsRepeatable: true);
        using HttpResponseMessage response = await _connection.SendAsync(call, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        Stream events = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (events.ConfigureAwait(false)) return await EventStream.FollowAsync(events, report, progress, cancellationToken).ConfigureAwait(false);
    }
}
