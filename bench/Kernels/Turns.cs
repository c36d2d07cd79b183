using System.Diagnostics;

namespace LatentDb.Kernels;

/// <summary>Kernel and peak in turns, so that what else the machine does befalls both.</summary>
internal static class Turns
{
    public const int Rounds = 21;

    /// <summary>Medians, the share of each round's own ratio; and the bests, which say what an undisturbed round reaches.</summary>
    public static Measured Measure(Action kernel, double work, Action peak, double peakWork)
    {
        var rates = new double[Rounds];
        var peakRates = new double[Rounds];
        var shares = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            rates[round] = work / Seconds(kernel);
            peakRates[round] = peakWork / Seconds(peak);
            shares[round] = rates[round] / peakRates[round];
        }

        Array.Sort(rates);
        Array.Sort(peakRates);
        Array.Sort(shares);
        return new Measured(rates[Rounds / 2], peakRates[Rounds / 2], shares[Rounds / 2], rates[^1], peakRates[^1]);
    }

    /// <summary>Until the JIT has compiled everything for good: thirty calls, and its delay of 100 ms.</summary>
    public static void WarmUp(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        for (int call = 0; call < 3 || (call < 40 && Stopwatch.GetElapsedTime(start).TotalSeconds < 0.3); call++) action();
    }

    public static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

/// <summary>Rates a second, and the share of the peak.</summary>
internal sealed record Measured(double Rate, double Peak, double Share, double BestRate, double BestPeak);
