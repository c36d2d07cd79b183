using System.Text.Json.Serialization.Metadata;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>Care of a server's store. Every verb may throw <see cref="ApiProblemException"/>, and <see cref="HttpRequestException"/> when nobody answers.</summary>
public sealed class StoreClient
{
    private const string Path = "v1/admin/store";

    private readonly ApiConnection _connection;

    internal StoreClient(ApiConnection connection) => _connection = connection;

    /// <summary>The store in a few numbers.</summary>
    public Task<StoreStats> GetStatsAsync(CancellationToken cancellationToken = default) => GetAsync("stats", ClientJson.Default.StoreStats, cancellationToken);

    /// <summary>Shards, logs, segments and keys.</summary>
    public Task<StoreInspection> InspectAsync(CancellationToken cancellationToken = default) => GetAsync("inspect", ClientJson.Default.StoreInspection, cancellationToken);

    /// <summary>Reads everything back, or one memory, and compares it with what was written. Damage is reported, not thrown.</summary>
    /// <param name="memory">One memory; null = everything.</param>
    /// <param name="progress">Told stage by stage.</param>
    /// <param name="cancellationToken">Ends the scrub.</param>
    public Task<ScrubReport> ScrubAsync(string? memory = null, IProgress<StoreProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(memory is null ? "scrub" : $"scrub?memory={Uri.EscapeDataString(memory)}", ClientJson.Default.ScrubReport, progress, cancellationToken);

    /// <summary>Makes new keys above those of the memories; no data is rewritten.</summary>
    /// <param name="keys">master (reads the master keys again and wraps everything under the first), tenant or shards.</param>
    /// <param name="cancellationToken">Ends the wait; a rotation that was broken off is ended by the next.</param>
    public Task<KeyRotation> RotateKeysAsync(string keys, CancellationToken cancellationToken = default)
    {
        ApiRequest call = new ApiRequest(HttpMethod.Post, $"{Path}/rotate-keys", IsRepeatable: true).With(new RotateCall(keys), ClientJson.Default.RotateCall);
        return _connection.SendAsync(call, ClientJson.Default.KeyRotation, cancellationToken);
    }

    /// <summary>Drops what retention no longer keeps and gives back the space of what nobody needs. Closing the connection ends it; what was done stays done.</summary>
    public Task<CompactionReport> CompactAsync(IProgress<StoreProgress>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync("compact", ClientJson.Default.CompactionReport, progress, cancellationToken);

    private Task<T> GetAsync<T>(string what, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        _connection.SendAsync(ApiRequest.Get($"{Path}/{what}"), answer, cancellationToken);

    private async Task<T> RunAsync<T>(string verb, JsonTypeInfo<T> report, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        var call = new ApiRequest(HttpMethod.Post, $"{Path}/{verb}", IsRepeatable: true);
        using HttpResponseMessage response = await _connection.SendAsync(call, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        Stream events = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (events.ConfigureAwait(false)) return await EventStream.FollowAsync(events, report, progress, cancellationToken).ConfigureAwait(false);
    }
}
