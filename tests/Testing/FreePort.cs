using System.Net;
using System.Net.Sockets;

namespace LatentDb.Testing;

/// <summary>A port for who must know it before it listens. Somebody else may take it meanwhile; then the start fails and says so.</summary>
public static class FreePort
{
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
