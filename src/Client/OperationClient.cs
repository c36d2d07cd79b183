using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>Writes of a memory that were accepted to be made later. The server makes them in order, each once, also after a restart.</summary>
public sealed class OperationClient
{
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(2);

    private readonly ApiConnection _connection;
    private readonly string _path;

    internal OperationClient(ApiConnection connection, string memoryPath)
    {
        _connection = connection;
        _path = $"{memoryPath}/operations";
    }

    /// <summary>One page of operations, newest first.</summary>
    /// <param name="limit">1 to 200; null = the server's choice.</param>
    /// <param name="cursor">The last page's cursor; null = from the newest.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Page<OperationDescription>> ListAsync(int? limit = null, string? cursor = null, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get(PagePath.Of(_path, limit, cursor)), ClientJson.Default.OperationPage, cancellationToken);

    public Task<OperationDescription> GetAsync(string operation, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get(PathOf(operation)), ClientJson.Default.OperationDescription, cancellationToken);

    /// <summary>Calls an operation off while it waits.</summary>
    /// <exception cref="ApiProblemException">It has begun or ended.</exception>
    public Task<OperationDescription> CancelAsync(string operation, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Delete, PathOf(operation), IsRepeatable: true), ClientJson.Default.OperationDescription, cancellationToken);

    /// <summary>Asks until the operation has ended, however it ended: look at its status.</summary>
    public async Task<OperationDescription> WaitAsync(string operation, CancellationToken cancellationToken = default)
    {
        TimeSpan pause = FirstPoll;
        while (true)
        {
            OperationDescription now = await GetAsync(operation, cancellationToken).ConfigureAwait(false);
            if (!now.IsPending) return now;
            await _connection.PauseAsync(pause, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPoll ? pause * 2 : LongestPoll;
        }
    }

    private string PathOf(string operation)
    {
        ArgumentException.ThrowIfNullOrEmpty(operation);
        return $"{_path}/{Uri.EscapeDataString(operation)}";
    }
}
