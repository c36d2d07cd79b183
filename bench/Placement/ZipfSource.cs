namespace LatentDb.Placement;

/// <summary>Draws k of 0 .. n-1 in proportion to (k + 1) to the minus s, without a table: rejection-inversion (Hörmann and Derflinger 1996).</summary>
internal sealed class ZipfSource
{
    private readonly Random _random;
    private readonly double _exponent;
    private readonly double _first;
    private readonly double _last;

    public ZipfSource(int count, double exponent, Random random)
    {
        _random = random;
        _exponent = exponent;
        _first = Integral(1.5) - 1;
        _last = Integral(count + 0.5);
    }

    public int Next()
    {
        while (true)
        {
            double u = _last + (_random.NextDouble() * (_first - _last));
            double x = Inverse(u);
            double k = Math.Max(1, Math.Round(x));
            if (u >= Integral(k + 0.5) - Math.Pow(k, -_exponent)) return (int)k - 1;
        }
    }

    private double Integral(double x) => _exponent == 1 ? Math.Log(x) : (Math.Pow(x, 1 - _exponent) - 1) / (1 - _exponent);

    private double Inverse(double y) => _exponent == 1 ? Math.Exp(y) : Math.Pow(1 + (y * (1 - _exponent)), 1 / (1 - _exponent));
}
