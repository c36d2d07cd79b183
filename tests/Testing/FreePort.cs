using System.Net;
using System.Net.Sockets;

namespace LatentDb.Testing;

/// <summary>
/// A port for who must know it before it listens. It lies below those that the system gives to connections and to who asks for any, so that only another
/// run of tests could take it meanwhile; then the start fails and says so.
/// </summary>
public static class FreePort
{
    private const int First = 15_000;
    private const int End = 32_000;

    private static int _next = Environment.ProcessId * 97;

    /// <summary>Another one each time.</summary>
    public static int Next()
    {
        while (true)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % (End - First));
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody has it: the next one.
            }
        }
    }
}
