using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// Divides something between the priorities in the ratio 16 : 4 : 1 while all want it; who wants it alone gets all (stride scheduling, Waldspurger
/// and Weihl 1995). So the urgent goes first and nothing starves: Background gets 1 of 21 at the least. Not thread-safe.
/// </summary>
internal sealed class PriorityShares
{
    public const int Classes = 3;

    // What a unit moves the clock of a class: 16 / weight.
    private static readonly long[] Strides = [1, 4, 16];

    private readonly long[] _clocks = new long[Classes];
    private long _now;

    /// <summary>Who is next of those who want it, the more urgent of equals; null when nobody does.</summary>
    public RequestPriority? Next(ReadOnlySpan<bool> wants)
    {
        int next = -1;
        for (int c = 0; c < Classes; c++)
        {
            if (!wants[c]) continue;
            _clocks[c] = Math.Max(_clocks[c], _now); // nobody saves up while he wants nothing
            if (next < 0 || _clocks[c] < _clocks[next]) next = c;
        }

        if (next < 0) return null;
        _now = _clocks[next];
        return (RequestPriority)next;
    }

    public void Charge(RequestPriority priority, long units) => _clocks[(int)priority] += units * Strides[(int)priority];
}
