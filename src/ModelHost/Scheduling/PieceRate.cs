namespace LatentDb.ModelHost.Scheduling;

/// <summary>How long a piece will take, from how long the last ones took.</summary>
internal sealed class PieceRate
{
    /// <summary>Weight of the newest piece: about the last eight count.</summary>
    private const double Newest = 0.125;

    private double _secondsPerUnit;

    public TimeSpan TimeOf(long cost) => TimeSpan.FromSeconds(_secondsPerUnit * cost);

    public void Took(long cost, TimeSpan duration)
    {
        if (cost < 1) return;
        double seconds = duration.TotalSeconds / cost;
        _secondsPerUnit = _secondsPerUnit == 0 ? seconds : _secondsPerUnit + ((seconds - _secondsPerUnit) * Newest);
    }
}
