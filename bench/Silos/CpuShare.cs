using System.Globalization;

namespace LatentDb.Silos;

/// <summary>
/// A part of one core that a process cannot exceed: a control group of Linux (version 1 or 2), which takes a right to write it. Nothing is stopped by
/// signals: a silo that stands still for long would lose its leases.
/// </summary>
internal sealed class CpuShare : IDisposable
{
    /// <summary>Short, so that a silo which has used up its part waits for milliseconds.</summary>
    private const int PeriodMicroseconds = 20_000;

    private const string Version1 = "/sys/fs/cgroup/cpu";
    private const string Version2 = "/sys/fs/cgroup";

    private readonly string _folder;

    private CpuShare(string folder) => _folder = folder;

    /// <param name="process">Its id; threads that it starts later are in the group too.</param>
    /// <param name="cores">Of one core; less than 1.</param>
    /// <exception cref="IOException">There is no such group, or it may not be written.</exception>
    public static CpuShare Of(int process, double cores)
    {
        bool isFirst = File.Exists(Path.Combine(Version1, "cpu.cfs_quota_us"));
        if (!isFirst) File.WriteAllText(Path.Combine(Version2, "cgroup.subtree_control"), "+cpu");
        string folder = Path.Combine(isFirst ? Version1 : Version2, $"latentdb-{process}");
        Directory.CreateDirectory(folder);
        string quota = ((int)(PeriodMicroseconds * cores)).ToString(CultureInfo.InvariantCulture);
        string period = PeriodMicroseconds.ToString(CultureInfo.InvariantCulture);
        if (isFirst)
        {
            File.WriteAllText(Path.Combine(folder, "cpu.cfs_period_us"), period);
            File.WriteAllText(Path.Combine(folder, "cpu.cfs_quota_us"), quota);
        }
        else
        {
            File.WriteAllText(Path.Combine(folder, "cpu.max"), $"{quota} {period}");
        }

        File.WriteAllText(Path.Combine(folder, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture));
        return new CpuShare(folder);
    }

    /// <summary>Processor time that a process has taken so far.</summary>
    public static TimeSpan UsedBy(int process)
    {
        // The name, which comes second, may have blanks and ends with the last bracket; user and system time are the 12th and 13th field after it, in ticks of 10 ms.
        string stat = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }

    /// <summary>After the end of the process.</summary>
    public void Dispose() => Directory.Delete(_folder);
}
