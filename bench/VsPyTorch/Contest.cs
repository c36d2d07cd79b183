using LatentDb.Store;

namespace LatentDb.VsPyTorch;

/// <summary>The same work on all sides in turns: ours, then each peer, round after round. The first round warms up and is not counted.</summary>
/// <param name="What">The work.</param>
/// <param name="Unit">Of the figures that the sides return.</param>
/// <param name="LessIsBetter">Seconds are, rates are not.</param>
internal sealed record Contest(string What, string Unit, bool LessIsBetter)
{
    /// <summary>Sides rest between two measurements, so that threads that spin for work have gone to sleep.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(30);

    /// <summary>What must be reached against the first peer; null = nothing was promised.</summary>
    public double? Bar { get; init; }

    /// <summary>What the machine allows, in the same unit; null = not computed.</summary>
    public double? Floor { get; init; }

    /// <summary>Our work and each peer's.</summary>
    public static Func<Task<double>>[] Sides(IReadOnlyList<PythonPeer> peers, Func<Task<double>> ours, Func<PythonPeer, Task<double>> theirs) =>
        [ours, .. peers.Select(peer => (Func<Task<double>>)(() => theirs(peer)))];

    public async Task<ContestResult> RunAsync(int rounds, params Func<Task<double>>[] sides)
    {
        Sample[] samples = [.. sides.Select(_ => new Sample())];
        for (int round = -1; round < rounds; round++)
        {
            for (int side = 0; side < sides.Length; side++)
            {
                await Task.Delay(Rest);
                double value = await sides[side]();
                if (round >= 0) samples[side].Add(value);
            }
        }

        return new ContestResult(this, [.. samples.Select(s => s.Median)], samples[0].At(1) / samples[0].At(0));
    }
}

/// <summary>Medians of a contest.</summary>
/// <param name="Contest">What was measured.</param>
/// <param name="Medians">Ours first, then each peer's.</param>
/// <param name="Spread">Largest of our own values over the smallest: what the ratios are worth.</param>
internal sealed record ContestResult(Contest Contest, double[] Medians, double Spread)
{
    /// <summary>How many times better than a peer we are.</summary>
    public double Ratio(int peer) => Contest.LessIsBetter ? Medians[peer] / Medians[0] : Medians[0] / Medians[peer];
}
