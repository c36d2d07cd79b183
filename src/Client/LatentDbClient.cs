using System.Net;
using System.Runtime.CompilerServices;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>A LatentDB server. Thread-safe; one per server is enough.</summary>
public sealed class LatentDbClient
{
    private readonly HttpClient _http;
    private readonly ApiConnection _connection;

    /// <param name="http">Its base address is the server's, such as <c>http://127.0.0.1:5080</c>. Owned by the caller, who also sets its timeout.</param>
    /// <param name="options">The key, and tries; null = no key, the default tries.</param>
    /// <exception cref="ArgumentException">There is no base address, or an option cannot be.</exception>
    public LatentDbClient(HttpClient http, ClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (http.BaseAddress is null) throw new ArgumentException("The HttpClient needs the server's address as BaseAddress.", nameof(http));
        _http = http;
        options ??= new ClientOptions();
        options.Check();
        _connection = new ApiConnection(http, options);
    }

    /// <summary>A handle to one memory; asks nothing of the server.</summary>
    public MemoryClient Memory(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return new MemoryClient(id, _connection);
    }

    /// <summary>Care of the server's store.</summary>
    public StoreClient Store => new(_connection);

    /// <summary>Keys of the caller's tenant, for its admins.</summary>
    public KeyClient Keys => new(_connection, "v1/keys");

    /// <summary>Keys of the server's operators.</summary>
    public KeyClient OperatorKeys => new(_connection, "v1/admin/keys");

    /// <summary>Tenants, for the server's operators.</summary>
    public TenantClient Tenants => new(_connection);

    /// <summary>The log of who did what, for admins and operators.</summary>
    public AuditClient Audit => new(_connection);

    /// <summary>Who the caller is: tenant, role, key.</summary>
    public Task<CallerDescription> GetCallerAsync(CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get("v1/me"), ClientJson.Default.CallerDescription, cancellationToken);

    /// <summary>What the caller's tenant uses, and what is left of its limits.</summary>
    public Task<UsageDescription> GetUsageAsync(CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get("v1/usage"), ClientJson.Default.UsageDescription, cancellationToken);

    /// <summary>Creates a memory.</summary>
    /// <exception cref="ApiProblemException">memory_exists, invalid_name and others.</exception>
    public Task<MemoryDescription> CreateMemoryAsync(CreateMemoryRequest request, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ApiRequest call = ApiRequest.Write(HttpMethod.Post, "v1/memories", options).With(request, ClientJson.Default.CreateMemoryRequest);
        return _connection.SendAsync(call, ClientJson.Default.MemoryDescription, cancellationToken);
    }

    /// <summary>
    /// Makes a memory of an archive. It becomes visible when all of it is verified and durable; before that there is nothing. Tried again only when the
    /// archive can be rewound.
    /// </summary>
    /// <param name="archive">Read from its position to its end; not closed.</param>
    /// <param name="options">Its name, and what opens the archive; null = the name in the archive, not sealed.</param>
    /// <param name="progress">Told of bytes as they go.</param>
    /// <param name="cancellationToken">Ends the import.</param>
    /// <exception cref="ApiProblemException">archive_invalid, memory_exists, body_too_large, store_full and others.</exception>
    public Task<MemoryDescription> ImportAsync(
        Stream archive, ImportOptions? options = null, IProgress<ByteProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(archive);
        ImportOptions import = options ?? new ImportOptions();
        string id = import.Id is null ? string.Empty : $"?id={Uri.EscapeDataString(import.Id)}";
        ApiRequest call = ApiRequest.Write(HttpMethod.Post, $"v1/memories/import{id}", new WriteOptions { IdempotencyKey = import.IdempotencyKey })
            .With(ArchiveTransfer.Headers(import.Passphrase, null, import.PrivateKey));
        call = call with { Body = () => new ArchiveTransfer.Upload(archive, progress), IsRepeatable = archive.CanSeek };
        return _connection.SendAsync(call, ClientJson.Default.MemoryDescription, cancellationToken);
    }

    /// <summary>One page of memories in order of id.</summary>
    /// <param name="limit">1 to 200; null = the server's choice.</param>
    /// <param name="cursor">The last page's cursor; null = from the start.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Page<MemoryDescription>> ListMemoriesAsync(int? limit = null, string? cursor = null, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get(PagePath.Of("v1/memories", limit, cursor)), ClientJson.Default.MemoryPage, cancellationToken);

    /// <summary>All memories in order of id, page by page.</summary>
    public async IAsyncEnumerable<MemoryDescription> EnumerateMemoriesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? cursor = null;
        do
        {
            Page<MemoryDescription> page = await ListMemoriesAsync(null, cursor, cancellationToken).ConfigureAwait(false);
            foreach (MemoryDescription memory in page.Items) yield return memory;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>True when the server can serve: its store is open and its model is loaded.</summary>
    /// <exception cref="HttpRequestException">Nobody answers.</exception>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri("readyz", UriKind.Relative), cancellationToken).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.OK;
    }
}
