using System.Globalization;
using System.Net;

namespace LatentDb.Testing;

/// <summary>Which process has a TCP connection of this machine, as the kernel says in /proc.</summary>
public static class SocketOwner
{
    /// <summary>The one of these processes that has a socket of that local address; null = none of them.</summary>
    /// <param name="local">An IPv4 address and port at the process's end.</param>
    /// <param name="processes">Who is asked.</param>
    public static int? Find(IPEndPoint local, IEnumerable<int> processes)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(processes);
        return InodeOf(local) is string inode ? processes.Cast<int?>().FirstOrDefault(process => Has(process!.Value, $"socket:[{inode}]")) : null;
    }

    private static string? InodeOf(IPEndPoint local)
    {
        // The kernel prints the address as the number that its bytes are in this machine's order.
        string wanted = string.Create(CultureInfo.InvariantCulture, $"{BitConverter.ToUInt32(local.Address.GetAddressBytes()):X8}:{local.Port:X4}");
        string?[] lines = [.. File.ReadLines("/proc/net/tcp").Concat(MappedLines())];
        return lines.Select(line => line!.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(fields => fields.Length > 9 && fields[1].EndsWith(wanted, StringComparison.Ordinal))?[9];
    }

    /// <summary>A socket for both families shows its IPv4 connections here, with the address at the end.</summary>
    private static IEnumerable<string> MappedLines() => File.Exists("/proc/net/tcp6") ? File.ReadLines("/proc/net/tcp6") : [];

    private static bool Has(int process, string socket)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd").Any(fd => Links(fd, socket));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended meanwhile.
        }
    }

    private static bool Links(string fd, string socket)
    {
        try
        {
            return File.ResolveLinkTarget(fd, returnFinalTarget: false)?.Name == socket;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It was closed meanwhile.
        }
    }
}
