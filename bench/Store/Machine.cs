using System.Globalization;
using System.Runtime.InteropServices;

namespace LatentDb.Store;

/// <summary>Where a figure was measured, and beside what: a ratio means something only where both of its sides ran.</summary>
internal static class Machine
{
    public static string Description =>
        $"{Processor()}, {Environment.ProcessorCount} cores, Linux {Environment.OSVersion.Version}, {RuntimeInformation.FrameworkDescription}, load {Load()}";

    /// <summary>The system's load averages: above the number of cores, others were at work.</summary>
    public static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3));

    /// <summary>The largest resident set of this process so far.</summary>
    public static long PeakResidentBytes()
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown processor";
}
