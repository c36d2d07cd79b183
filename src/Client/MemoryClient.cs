using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>One memory of a server. Every verb may throw <see cref="ApiProblemException"/>, and <see cref="HttpRequestException"/> when nobody answers.</summary>
public sealed class MemoryClient
{
    /// <summary>RFC 7240.</summary>
    private static readonly KeyValuePair<string, string>[] LaterHeader = [new("Prefer", "respond-async")];

    private readonly ApiConnection _connection;
    private readonly string _path;

    internal MemoryClient(string id, ApiConnection connection)
    {
        Id = id;
        _connection = connection;
        _path = $"v1/memories/{Uri.EscapeDataString(id)}";
    }

    public string Id { get; }

    /// <summary>The memory and its head.</summary>
    public Task<MemoryDescription> GetAsync(CancellationToken cancellationToken = default) =>
        GetAsync(_path, ClientJson.Default.MemoryDescription, cancellationToken);

    /// <summary>Erases the memory with all versions for good: when the task ends, nobody can read it any more. Forks of it stay.</summary>
    public Task EraseAsync(WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Write(HttpMethod.Delete, _path, options), cancellationToken);

    /// <summary>Creates a memory that begins with a version of this one.</summary>
    public Task<MemoryDescription> ForkAsync(ForkRequest request, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ApiRequest call = ApiRequest.Write(HttpMethod.Post, $"{_path}/fork", options).With(request, ClientJson.Default.ForkRequest);
        return _connection.SendAsync(call, ClientJson.Default.MemoryDescription, cancellationToken);
    }

    /// <summary>What differs between two versions.</summary>
    /// <param name="from">Version number, RFC 3339 time or snapshot name to start from.</param>
    /// <param name="to">The version to arrive at, which may be the older one; null = the head.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<DiffAnswer> DiffAsync(string from, string? to = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(from);
        string target = to is null ? string.Empty : $"&to={Uri.EscapeDataString(to)}";
        return GetAsync($"{_path}/diff?from={Uri.EscapeDataString(from)}{target}", ClientJson.Default.DiffAnswer, cancellationToken);
    }

    /// <summary>Writes text into the memory; durable when the task ends.</summary>
    public Task<InjectAnswer> InjectAsync(string text, CancellationToken cancellationToken = default) =>
        InjectAsync(new InjectRequest { Text = text }, null, cancellationToken);

    /// <summary>Writes text or a conversation into the memory; durable when the task ends.</summary>
    public Task<InjectAnswer> InjectAsync(InjectRequest request, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ApiRequest call = ApiRequest.Write(HttpMethod.Post, $"{_path}/inject", options).With(request, ClientJson.Default.InjectRequest);
        return _connection.SendAsync(call, ClientJson.Default.InjectAnswer, cancellationToken);
    }

    /// <summary>Writes several texts, one version each, in order, until one fails. When all are refused, the refusal is thrown.</summary>
    /// <param name="items">1 to 256 texts or conversations.</param>
    /// <param name="options">Conditions; null = none.</param>
    /// <param name="cancellationToken">Ends the wait; texts may be written nevertheless.</param>
    public Task<InjectBatchAnswer> InjectBatchAsync(IReadOnlyList<InjectRequest> items, WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(Batch(items, options), ClientJson.Default.InjectBatchAnswer, cancellationToken);

    /// <summary>Hands text over to be written later. When the task ends it is durable, and will be written exactly once.</summary>
    public Task<OperationDescription> AcceptAsync(InjectRequest request, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ApiRequest call = ApiRequest.Write(HttpMethod.Post, $"{_path}/inject", options).With(request, ClientJson.Default.InjectRequest).With(LaterHeader);
        return _connection.SendAsync(call, ClientJson.Default.OperationDescription, cancellationToken);
    }

    /// <summary>Hands several texts over to be written later, one version each, in order, until one fails.</summary>
    public Task<OperationDescription> AcceptBatchAsync(IReadOnlyList<InjectRequest> items, WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(Batch(items, options).With(LaterHeader), ClientJson.Default.OperationDescription, cancellationToken);

    /// <summary>Writes that were handed over.</summary>
    public OperationClient Operations => new(_connection, _path);

    /// <summary>Asks the model with this memory and waits for the whole answer.</summary>
    public Task<QueryAnswer> QueryAsync(QueryRequest request, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(Query(request, stream: null), ClientJson.Default.QueryAnswer, cancellationToken);

    /// <summary>Asks the model with this memory: pieces of text as they come, then one <see cref="QueryDone"/>.</summary>
    public async IAsyncEnumerable<QueryStep> StreamAsync(QueryRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await _connection
            .SendAsync(Query(request, stream: true), HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await foreach (QueryStep step in EventStream.ReadAsync(stream, cancellationToken).ConfigureAwait(false)) yield return step;
        }
    }

    /// <summary>Writes the memory as one archive to a stream; returns its bytes. A broken export ends in an exception and leaves a part that no import takes.</summary>
    /// <param name="destination">Written from its position; not closed.</param>
    /// <param name="options">Which version, and how it is sealed; null = all versions, not sealed.</param>
    /// <param name="progress">Told of bytes as they come; the total is what the server foresees.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    public async Task<long> ExportAsync(
        Stream destination, ExportOptions? options = null, IProgress<ByteProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ExportOptions export = options ?? new ExportOptions();
        string at = export.At is null ? string.Empty : $"?at={Uri.EscapeDataString(export.At)}";
        ApiRequest call = ApiRequest.Get($"{_path}/export{at}").With(ArchiveTransfer.Headers(export.Passphrase, export.RecipientPublicKey, null));
        using HttpResponseMessage response = await _connection.SendAsync(call, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        Stream archive = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            return await ArchiveTransfer.CopyAsync(archive, destination, ArchiveTransfer.ForeseenBytes(response), progress, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One page of versions, newest first.</summary>
    /// <param name="limit">1 to 200; null = the server's choice.</param>
    /// <param name="cursor">The last page's cursor; null = from the head.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Page<VersionDescription>> ListVersionsAsync(int? limit = null, string? cursor = null, CancellationToken cancellationToken = default) =>
        GetAsync(PagePath.Of($"{_path}/versions", limit, cursor), ClientJson.Default.VersionPage, cancellationToken);

    public Task<VersionDescription> GetVersionAsync(long version, CancellationToken cancellationToken = default) =>
        GetAsync($"{_path}/versions/{version}", ClientJson.Default.VersionDescription, cancellationToken);

    /// <summary>What a version injected, as it was sent.</summary>
    /// <exception cref="ApiProblemException">text_not_found: it injected nothing, or its text was not kept.</exception>
    public Task<VersionText> GetVersionTextAsync(long version, CancellationToken cancellationToken = default) =>
        GetAsync($"{_path}/versions/{version}/text", ClientJson.Default.VersionText, cancellationToken);

    /// <summary>Names a version.</summary>
    /// <param name="name">1 to 128 of A-Z a-z 0-9 . _ : @ -, beginning with a letter.</param>
    /// <param name="at">Version number, RFC 3339 time or snapshot name; null = the head.</param>
    /// <param name="options">Conditions; null = none.</param>
    /// <param name="cancellationToken">Ends the wait; the snapshot may exist nevertheless.</param>
    public Task<SnapshotDescription> CreateSnapshotAsync(string name, string? at = null, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ApiRequest call = ApiRequest.Write(HttpMethod.Post, $"{_path}/snapshots", options).With(new SnapshotCall(name, at), ClientJson.Default.SnapshotCall);
        return _connection.SendAsync(call, ClientJson.Default.SnapshotDescription, cancellationToken);
    }

    /// <summary>All snapshots, by name.</summary>
    public async Task<IReadOnlyList<SnapshotDescription>> ListSnapshotsAsync(CancellationToken cancellationToken = default) =>
        (await GetAsync($"{_path}/snapshots", ClientJson.Default.SnapshotList, cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>Takes a name away; the version stays.</summary>
    public Task DeleteSnapshotAsync(string name, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _connection.SendAsync(ApiRequest.Write(HttpMethod.Delete, $"{_path}/snapshots/{Uri.EscapeDataString(name)}", options), cancellationToken);
    }

    /// <summary>Makes a new head with the content of an older version; history is kept.</summary>
    /// <param name="to">Version number, RFC 3339 time or snapshot name.</param>
    /// <param name="options">Conditions; null = none.</param>
    /// <param name="cancellationToken">Ends the wait; the rollback may happen nevertheless.</param>
    public Task<RollbackAnswer> RollBackAsync(string to, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ApiRequest call = ApiRequest.Write(HttpMethod.Post, $"{_path}/rollback", options).With(new RollbackCall(to), ClientJson.Default.RollbackCall);
        return _connection.SendAsync(call, ClientJson.Default.RollbackAnswer, cancellationToken);
    }

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        _connection.SendAsync(ApiRequest.Get(path), answer, cancellationToken);

    private ApiRequest Batch(IReadOnlyList<InjectRequest> items, WriteOptions? options)
    {
        ArgumentNullException.ThrowIfNull(items);
        return ApiRequest.Write(HttpMethod.Post, $"{_path}/inject/batch", options).With(new InjectBatchCall(items), ClientJson.Default.InjectBatchCall);
    }

    /// <summary>A question changes nothing, so it may be asked again although it is a POST.</summary>
    private ApiRequest Query(QueryRequest request, bool? stream)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new ApiRequest(HttpMethod.Post, $"{_path}/query", IsRepeatable: true).With(QueryCall.Of(request, stream), ClientJson.Default.QueryCall);
    }
}
