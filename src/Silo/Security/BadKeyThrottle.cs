using System.Net;
using System.Net.Sockets;

namespace LatentDb.Silo.Security;

/// <summary>
/// Counts bad credentials by address and by key id, in windows of a minute. Who has had too many gets 429 for further bad ones; a good key always
/// passes, so that nobody can lock another out by sending rubbish from the same network. Thread-safe.
/// </summary>
internal sealed class BadKeyThrottle(TimeProvider time)
{
    private const string Overflow = "*";

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<string, Window> _windows = new(StringComparer.Ordinal);

    /// <summary>Counts one bad credential.</summary>
    public ThrottleVerdict Count(IPAddress? address, string? keyId)
    {
        // Not by the wall clock, whose jumps would end windows or make them last for years.
        TimeSpan now = time.GetElapsedTime(_start);
        lock (_lock)
        {
            ThrottleVerdict byAddress = Count($"a {SourceOf(address)}", SecurityLimits.MaxFailuresPerAddress, now);
            ThrottleVerdict byKey = keyId is null ? ThrottleVerdict.Pass : Count($"k {keyId}", SecurityLimits.MaxFailuresPerKey, now);
            return byAddress.RetryAfter >= byKey.RetryAfter ? byAddress with { IsNewBurst = byAddress.IsNewBurst || byKey.IsNewBurst } : byKey;
        }
    }

    /// <summary>An IPv6 host has a whole /64 to itself, so that is one source.</summary>
    private static string SourceOf(IPAddress? address)
    {
        if (address is null) return "?";
        IPAddress real = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return real.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(real.GetAddressBytes(), 0, 8) : real.ToString();
    }

    private ThrottleVerdict Count(string source, int allowed, TimeSpan now)
    {
        if (!_windows.TryGetValue(source, out Window? window) && _windows.Count >= SecurityLimits.MaxCountedSources)
        {
            DropOld(now);
            if (_windows.Count >= SecurityLimits.MaxCountedSources && !_windows.TryGetValue(source = Overflow, out window)) window = null;
        }

        if (window is null || window.EndsAt <= now) _windows[source] = window = new Window(now + SecurityLimits.FailureWindow);
        window.Failures++;
        return window.Failures <= allowed ? ThrottleVerdict.Pass : new ThrottleVerdict(window.EndsAt - now, window.Failures == allowed + 1);
    }

    private void DropOld(TimeSpan now)
    {
        foreach (string old in (string[])[.. _windows.Where(w => w.Value.EndsAt <= now).Select(w => w.Key)]) _windows.Remove(old);
    }

    private sealed class Window(TimeSpan endsAt)
    {
        public TimeSpan EndsAt { get; } = endsAt;

        public int Failures { get; set; }
    }
}

/// <summary>What becomes of a bad credential.</summary>
/// <param name="RetryAfter">Zero = it is told that it is bad; else it is told to wait that long.</param>
/// <param name="IsNewBurst">It is the first of its window that must wait: worth a line in the log.</param>
internal sealed record ThrottleVerdict(TimeSpan RetryAfter, bool IsNewBurst)
{
    public static readonly ThrottleVerdict Pass = new(TimeSpan.Zero, false);
}
