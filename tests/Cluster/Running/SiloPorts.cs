using System.Globalization;
using System.Net;
using LatentDb.Testing;

namespace LatentDb.Cluster.Running;

/// <summary>The ways into and out of one process of a silo that can be cut: what other silos ask it, told apart by who asks, and what it asks the database.</summary>
public sealed class SiloPorts : IAsyncDisposable
{
    private readonly int _listens = FreePort.Next();
    private readonly TcpProxy _links;
    private readonly TcpProxy _database;

    /// <param name="database">Socket of the database.</param>
    /// <param name="nameOf">Which silo is at the other end of a connection.</param>
    public SiloPorts(EndPoint database, Func<IPEndPoint, string?> nameOf)
    {
        _links = new TcpProxy(new IPEndPoint(IPAddress.Loopback, _listens), nameOf);
        _database = new TcpProxy(database);
    }

    /// <summary>What the silo is told of them.</summary>
    /// <param name="connectionString">Of the database, without the host.</param>
    public string[] Options(string connectionString) =>
    [
        "--cluster-urls", Text($"http://127.0.0.1:{_listens}"), "--cluster-address", Text($"127.0.0.1:{_links.Port}"),
        "--cluster-database", Text($"Host=127.0.0.1;Port={_database.Port};{connectionString}"),
    ];

    /// <summary>What happens to what these silos ask this one; null = all.</summary>
    public void SetLinks(ProxyState state, IReadOnlyCollection<string>? callers = null) =>
        _links.Set(caller => callers is null || (caller is not null && callers.Contains(caller)) ? state : ProxyState.Whole);

    /// <summary>What happens to its way to the database.</summary>
    public void SetDatabase(ProxyState state) => _database.Set(state);

    /// <summary>Everything passes.</summary>
    public void Mend()
    {
        SetLinks(ProxyState.Whole);
        SetDatabase(ProxyState.Whole);
    }

    public async ValueTask DisposeAsync()
    {
        await _links.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
